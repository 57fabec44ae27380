import axe from "axe-core";
import type { Page } from "playwright-core";

type Complaint = {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
};

/** WCAG 2.2, levels A and AA: https://github.com/dequelabs/axe-core/blob/develop/doc/API.md#axe-core-tags */
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/**
 * What axe has against a page as it is. It comes in by the debugger, so the page is looked at under its own policy, which
 * would let no such script in.
 */
export async function complaintsOf(page: Page): Promise<string[]> {
  const debug = await page.context().newCDPSession(page);
  await debug.send("Runtime.evaluate", { expression: `${axe.source};0` });
  const run = `axe.run(document, { runOnly: ${JSON.stringify(RULES)} }).then(({ violations }) => JSON.stringify(violations))`;
  const { result, exceptionDetails } = await debug.send("Runtime.evaluate", {
    expression: run,
    awaitPromise: true,
    returnByValue: true,
  });
  if (exceptionDetails) throw new Error(`axe failed: ${JSON.stringify(exceptionDetails)}`);
  return (JSON.parse(result.value as string) as Complaint[]).flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary = "" }) => `${id}: ${html.slice(0, 200)} ${failureSummary.slice(0, 300)}`),
  );
}
