import * as z from "zod";

/** `DEVICE_OBJECT_WRITES`: whether events are written to every device's object, or only to those with subscribers (`live`). */
export const ObjectWrites = z.enum(["always", "live"]).default("always");
export type ObjectWrites = z.output<typeof ObjectWrites>;
