import type { StatusReport as StatusReportShape } from "#domain/change.ts";
import { builder } from "./builder.ts";

export const Mode = builder.enumType("Mode", {
  description: "The operating mode of a device.",
  values: {
    HEAT: { value: "heat", description: "Heats up to `heatSetpointC`." },
    COOL: { value: "cool", description: "Cools down to `coolSetpointC`." },
    AUTO: { value: "auto", description: "Heats or cools, whichever keeps it between the two setpoints." },
    AUX_HEAT: { value: "auxHeat", description: "Heat from the auxiliary source only." },
    OFF: { value: "off", description: "Neither heats nor cools." },
  } as const,
});

export const StatusReport = builder
  .objectRef<StatusReportShape & { readonly reportedAt: string }>("StatusReport")
  .implement({
    description: "The last status report of a device.",
    fields: (t) => ({
      online: t.exposeBoolean("online", { description: "Whether its source could reach it." }),
      mode: t.expose("mode", { type: Mode, nullable: true, description: "Its operating mode." }),
      indoorTemperatureC: t.exposeFloat("indoorTemperatureC", { nullable: true, description: "Degrees Celsius." }),
      heatSetpointC: t.exposeFloat("heatSetpointC", { nullable: true, description: "Degrees Celsius." }),
      coolSetpointC: t.exposeFloat("coolSetpointC", { nullable: true, description: "Degrees Celsius." }),
      humidityPct: t.exposeFloat("humidityPct", { nullable: true, description: "Relative, in percent." }),
      equipment: t.stringList({
        description: "The equipment that is running, as the source writes it.",
        resolve: ({ equipment }) => equipment ?? [],
      }),
      reportedAt: t.expose("reportedAt", { type: "DateTime", description: "When the device reported it." }),
    }),
  });
