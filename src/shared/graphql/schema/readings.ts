import { READING_FIELDS, type ReadingPoint, type ReadingRange, type ReadingStat } from "#domain/readings.ts";
import { type Moment, toMilliseconds } from "#domain/time.ts";
import type { DeviceReadings } from "#services/earlier-devices.ts";
import { builder } from "./builder.ts";

/** As many ranged reads of the archive as months and days, and some thousand rows. */
export const READINGS_COST = 100;

const ReadingField = builder.enumType("ReadingField", {
  description: "A number of a status report.",
  values: {
    INDOOR_TEMPERATURE_C: { value: "indoorTemperatureC", description: "Degrees Celsius." },
    HEAT_SETPOINT_C: { value: "heatSetpointC", description: "Degrees Celsius." },
    COOL_SETPOINT_C: { value: "coolSetpointC", description: "Degrees Celsius." },
    HUMIDITY_PCT: { value: "humidityPct", description: "Relative, in percent." },
  } as const,
});

const Stat = builder.objectRef<ReadingStat>("ReadingStatistics").implement({
  description:
    "Of the reports within one step that have the number: at least one. A report that was sent twice counts once.",
  fields: (t) => ({
    min: t.exposeFloat("min", { description: "The least." }),
    max: t.exposeFloat("max", { description: "The greatest." }),
    mean: t.exposeFloat("mean", { description: "The mean of the reports, each with the same weight." }),
    count: t.exposeInt("count", { description: "How many reports there are." }),
  }),
});

const Point = builder.objectRef<ReadingPoint>("ReadingPoint").implement({
  description:
    "What a device reported within one step of time. A number is null if it was not asked for, or no report has it.",
  fields: (t) => ({
    at: t.expose("at", {
      type: "DateTime",
      description: "When the step begins: a whole number of steps since 1970, in UTC.",
    }),
    indoorTemperatureC: t.expose("indoorTemperatureC", { type: Stat, nullable: true, description: "Degrees Celsius." }),
    heatSetpointC: t.expose("heatSetpointC", { type: Stat, nullable: true, description: "Degrees Celsius." }),
    coolSetpointC: t.expose("coolSetpointC", { type: Stat, nullable: true, description: "Degrees Celsius." }),
    humidityPct: t.expose("humidityPct", { type: Stat, nullable: true, description: "Relative, in percent." }),
  }),
});

export const Readings = builder.objectRef<DeviceReadings>("Readings").implement({
  description: "What a device measured, by steps of time.",
  fields: (t) => ({
    points: t.field({
      type: [Point],
      description: "Oldest first. A step without reports is left out.",
      resolve: ({ points }) => [...points],
    }),
    completeUntil: t.expose("completeUntil", {
      type: "DateTime",
      description:
        "All reports that were received before this time, from `completeSince` on, are in the points. Of later ones, the newest are: one that was very late comes in with the next day.",
    }),
    completeSince: t.expose("completeSince", {
      type: "DateTime",
      nullable: true,
      description:
        "Reports that were received before this time may be missing: the archive began then, or does not keep older ones. Null if none is missing, however long ago it was received.",
    }),
  }),
});

export const readingsArgs = builder.args((t) => ({
  from: t.field({ type: "DateTime", required: true, description: "Reports that occurred then or later." }),
  to: t.field({ type: "DateTime", required: true, description: "Reports that occurred before." }),
  step: t.int({
    required: true,
    description:
      "Seconds of a step: at least 60, and so many that there are at most 800 steps. Steps begin at whole multiples of it since 1970, in UTC.",
  }),
  fields: t.field({ type: [ReadingField], description: "The numbers that are wanted. Absent: all." }),
}));

type Args = {
  readonly from: Moment;
  readonly to: Moment;
  readonly step: number;
  readonly fields?: readonly (typeof READING_FIELDS)[number][] | null | undefined;
};

/** The archive checks it. */
export const toRange = ({ from, to, step, fields }: Args): ReadingRange => ({
  fromMs: toMilliseconds(from),
  toMs: toMilliseconds(to),
  stepSeconds: step,
  fields: fields ?? READING_FIELDS,
});
