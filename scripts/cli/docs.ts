import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { GUIDES } from "../../cli/guides.ts";
import { ROOT } from "../../local/tool.ts";

/**
 * Copies the guides into a package. A link to what is not in it becomes its text, and its commands need no `npx`, which
 * outside of the repository would run another package of that name from npmjs.com.
 */
export function copyDocs(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const { file } of Object.values(GUIDES)) {
    const text = readFileSync(join(ROOT, "docs", file), "utf8");
    writeFileSync(join(folder, file), file.endsWith(".md") ? asInstalled(text) : text);
  }
}

export const asInstalled = (markdown: string): string =>
  withoutLinksOut(markdown.replaceAll(HOW_TO_INSTALL, "").replaceAll("npx concord", "concord"));

/** Tells readers of the repository to install what these readers have. */
const HOW_TO_INSTALL =
  /Elsewhere than in the repository, \[install the command line\]\([^)]*\) and leave `npx` out\.(\n\n| )/g;

const FILES = new Set(Object.values(GUIDES).map(({ file }) => file));

const withoutLinksOut = (markdown: string): string =>
  markdown.replace(/(!?)\[([^\]]*)\]\(([^)\s]+)\)/g, (link, _image, label, target) => {
    const [path = ""] = target.split("#");
    return path === "" || /^https?:/.test(path) || FILES.has(path) ? link : label;
  });
