import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ROOT } from "../../local/tool.ts";

/**
 * Writes a changed copy of a Worker's config. The copy finds the files that the config names, wherever it is.
 * @param config as in `WORKER_CONFIGS`
 * @param change gets the text with whole paths, and returns the copy's
 * @returns `path`
 */
export async function copyConfig(config: string, path: string, change: (text: string) => string): Promise<string> {
  const whole = (named: string) => JSON.stringify(join(ROOT, dirname(config), named));
  const text = (await readFile(join(ROOT, config), "utf8"))
    .replace(/^main = "(.+)"$/m, (_, main: string) => `main = ${whole(main)}`)
    .replaceAll(/"(\.\.\/\.\.\/[^"]+)"/g, (_, named: string) => whole(named));
  await writeFile(path, change(text));
  return path;
}
