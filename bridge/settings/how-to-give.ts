import { leafAt, memberOf } from "./leaves.ts";

/** The three ways to give a setting. */
export function howToGive(name: string): string {
  const leaf = leafAt(name);
  const variable = leaf.kind === "secret" ? `${leaf.env}, ${leaf.env}_FILE` : leaf.env;
  return `Set --${leaf.flag}, ${variable}, or ${memberOf(leaf)} in the file of --config.`;
}
