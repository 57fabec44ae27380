import * as z from "zod";

/** Whether the object of every device is written, or only of those that somebody watches: `DEVICE_OBJECT_WRITES`. */
export const ObjectWrites = z.enum(["always", "live"]).default("always");
export type ObjectWrites = z.output<typeof ObjectWrites>;
