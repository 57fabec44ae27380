import { UsageError } from "../command/usage-error.ts";
import { EXIT, ExitError } from "../exit-error.ts";
import type { Column } from "../terminal/table.ts";
import type { Page, Query } from "./client.ts";
import type { OpsContext } from "./ops-command.ts";

type List<Name extends string, T> = {
  readonly path: string;
  /** The name of the items in the API's answer. */
  readonly name: Name;
  readonly query: Query;
  readonly first?: string | undefined;
  readonly all?: boolean | undefined;
  readonly columns: readonly Column<T>[];
  /** The error for an empty list. */
  readonly nothing: string;
};

/**
 * Prints a list: one page as a table or as the API's JSON. With `--all` it prints every page as it arrives, as one table
 * or as one line of JSON for each item.
 */
export async function printList<Name extends string, T>(
  context: OpsContext,
  { path, name, query, first, all, columns, nothing }: List<Name, T>,
): Promise<void> {
  if (all && first !== undefined) throw new UsageError("--first and --all exclude each other");
  const pages = all
    ? context.client.pages<Name, T>(path, query)
    : [await context.client.get<Page<Name, T>>(path, { ...query, first })];
  let count = 0;
  for await (const page of pages) {
    const items = page[name] as readonly T[];
    if (all && context.isJson) for (const item of items) context.output.json(JSON.stringify(item));
    else context.print(page, () => context.table(items, columns).slice(count === 0 ? 0 : 1));
    count += items.length;
    if (!all && !context.isJson && page.nextCursor)
      context.terminal.note("… and more. Narrow the list with options, or add --all");
  }
  if (count === 0) throw new ExitError(EXIT.nothing, nothing);
}
