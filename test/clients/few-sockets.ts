import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../local/tool.ts";

const CONFIG = "workers/devices/wrangler.toml";
const OWN = "simple = { limit = 600, period = 60 }";
/** More than the tests need from any one address. */
const FEW = 100;

/**
 * `configOf` of a stack in which an address may open few sockets a minute: to use up the usual limit takes longer than all
 * other tests together.
 * @param folder for the config that takes the place of the Worker's own
 */
export const fewSockets =
  (folder: string) =>
  (path: string): string => {
    if (path !== CONFIG) return path;
    const text = readFileSync(join(ROOT, path), "utf8");
    if (!text.includes(OWN)) throw new Error(`${CONFIG} has another limit than ${OWN}: change it here too`);
    const copy = join(folder, "devices.toml");
    writeFileSync(
      copy,
      text
        .replace(OWN, OWN.replace("600", String(FEW)))
        .replace('main = "index.ts"', () => `main = ${JSON.stringify(join(ROOT, "workers/devices/index.ts"))}`)
        .replaceAll('"../../migrations"', () => JSON.stringify(join(ROOT, "migrations"))),
    );
    return copy;
  };
