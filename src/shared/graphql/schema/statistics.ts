import type { DealerStatistics as DealerStatisticsShape } from "#repositories/statistics.ts";
import { builder } from "./builder.ts";

/** Counts are kept; while they are not complete, counting takes about as long as this many objects of a page. */
export const STATISTICS_COST = 20;

export const DealerStatistics = builder.objectRef<DealerStatisticsShape>("DealerStatistics").implement({
  description: "Counts of a dealer's devices and alerts, as of now.",
  fields: (t) => ({
    devices: t.exposeInt("devices", {
      description: "All of them. Those that have not reported yet are in none of `online`, `offline` and `retired`.",
    }),
    online: t.exposeInt("online", { description: "By their last report." }),
    offline: t.exposeInt("offline", { description: "By their last report." }),
    retired: t.exposeInt("retired", { description: "Taken out of service." }),
    openAlerts: t.exposeInt("openAlerts", {
      description: "Neither acknowledged nor cleared, and raised while the dealer had the device.",
    }),
    criticalAlerts: t.exposeInt("criticalAlerts", { description: "Open alerts of severity CRITICAL." }),
  }),
});
