/** For mappings in TypeScript. */
import type * as z from "zod";
import type { Mapping as Schema } from "./schema.ts";

export type { RowFunctions } from "./compile.ts";
export type Mapping = z.input<typeof Schema>;
