import axe from "axe-core";
import type { Page } from "playwright-core";

type Violation = {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
};

/** WCAG 2.2, levels A and AA: https://github.com/dequelabs/axe-core/blob/develop/doc/API.md#axe-core-tags */
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/**
 * What axe finds in a page as it is. It comes in by the debugger, so the page is checked under its own policy, which
 * would let no such script in.
 */
export async function violationsOf(page: Page): Promise<string[]> {
  const debug = await page.context().newCDPSession(page);
  // Once a document: reading half a megabyte of script takes as long as checking a page.
  await debug.send("Runtime.evaluate", { expression: `if (!window.axe) { ${axe.source} }; 0` });
  const run = `axe.run(document, { runOnly: ${JSON.stringify(RULES)}, resultTypes: ["violations"] }).then(({ violations }) => JSON.stringify(violations))`;
  const { result, exceptionDetails } = await debug.send("Runtime.evaluate", {
    expression: run,
    awaitPromise: true,
    returnByValue: true,
  });
  if (exceptionDetails) throw new Error(`axe failed: ${JSON.stringify(exceptionDetails)}`);
  return (JSON.parse(result.value as string) as Violation[]).flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary = "" }) => `${id}: ${html.slice(0, 200)} ${failureSummary.slice(0, 300)}`),
  );
}
