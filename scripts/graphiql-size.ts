import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { buildGraphiQL, GRAPHIQL_FILES } from "../local/graphiql.ts";

/**
 * Measures what GraphiQL is: what a browser loads before it shows anything, and all that its editors may load after that.
 * None of it is in a Worker's script. Fails when the first is over its limit.
 */
const FIRST = ["assets/main.js", "assets/main.css"];
/** Compressed, of what is loaded first. Fonts are most of the sheet. */
const LIMIT_KIB = 850;

await buildGraphiQL();
const folder = join(GRAPHIQL_FILES, "graphql");
const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => /\.(js|css|ttf)$/.test(name));
const kibOf = (files: readonly string[]): number =>
  Math.round(files.reduce((sum, name) => sum + gzipSync(readFileSync(join(folder, name))).length, 0) / 1024);

const first = kibOf(FIRST);
console.log(
  `GraphiQL loads ${first} KiB first, compressed (at most ${LIMIT_KIB}), of ${kibOf(names)} KiB in ${names.length} files.`,
);
if (first > LIMIT_KIB) process.exitCode = 1;
