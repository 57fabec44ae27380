import type { DealerStatistics as DealerStatisticsShape } from "../../repositories/statistics.ts";
import { builder } from "./builder.ts";

/** Counting a dealer's devices and open alerts takes about as long as this many objects of a page. */
export const STATISTICS_COST = 20;

export const DealerStatistics = builder.objectRef<DealerStatisticsShape>("DealerStatistics").implement({
  description: "What a dealer's devices come to just now.",
  fields: (t) => ({
    devices: t.exposeInt("devices", { description: "Those that have not reported yet are in none of the next three." }),
    online: t.exposeInt("online", { description: "Their last report said so." }),
    offline: t.exposeInt("offline", { description: "Their last report said so." }),
    retired: t.exposeInt("retired", { description: "Taken out of service." }),
    openAlerts: t.exposeInt("openAlerts", {
      description: "Neither acknowledged nor cleared. A dealer's own were raised while the device was its own.",
    }),
    criticalAlerts: t.exposeInt("criticalAlerts", { description: "The open ones of severity CRITICAL." }),
  }),
});
