import { readFileSync } from "node:fs";
// The local platform, which wrangler brings.
import { convertV4MiniflareOptions, Miniflare } from "miniflare";

/*
 * A process that is nothing but the platform, so that it can be killed: node runtime.ts WORKERS FOLDER PORT, with the
 * Workers as JSON of Miniflare's options. Everything but the queues is stored below the folder.
 */
const [workers = "", resourcePersistencePath, port] = process.argv.slice(2);
const options = convertV4MiniflareOptions({ workers: JSON.parse(readFileSync(workers, "utf8")), port: Number(port) });
await new Miniflare({ ...options, ...(resourcePersistencePath && { resourcePersistencePath }) }).ready;
console.log("ready");
// It ends with the test, also if that ends without a word.
process.stdin.on("end", () => process.exit(1)).resume();
