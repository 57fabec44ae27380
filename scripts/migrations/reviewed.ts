import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "smol-toml";
import * as z from "zod";
import { ROOT } from "../../local/tool.ts";
import type { Exception } from "./judge.ts";

const Reviewed = z.strictObject({
  reviewed: z.array(
    z.strictObject({ file: z.string().endsWith(".sql"), statement: z.string().min(8), reason: z.string().min(8) }),
  ),
});

/** The reasons of migrations/reviewed.toml. @throws Error that says what is wrong with the file */
export const readExceptions = (root = ROOT): readonly Exception[] =>
  Reviewed.parse(parse(readFileSync(join(root, "migrations/reviewed.toml"), "utf8"))).reviewed;
