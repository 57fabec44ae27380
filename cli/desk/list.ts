import { EXIT, ExitError } from "../exit-error.ts";
import { UsageError } from "../usage-error.ts";
import type { Page, Query } from "./client.ts";
import type { Column } from "./columns.ts";
import type { Desk } from "./command.ts";

type Listed<Name extends string, T> = {
  readonly path: string;
  /** By which the API names the items. */
  readonly name: Name;
  readonly query: Query;
  readonly first?: string | undefined;
  readonly all?: boolean | undefined;
  readonly columns: readonly Column<T>[];
  /** Said where there is nothing. */
  readonly nothing: string;
};

/**
 * Prints a list: a page as a table or as the API's JSON; with `--all` every page as it comes, as tables under one
 * heading or as a line of JSON an item.
 */
export async function printList<Name extends string, T>(
  desk: Desk,
  { path, name, query, first, all, columns, nothing }: Listed<Name, T>,
): Promise<void> {
  if (all && first !== undefined) throw new UsageError("--first goes without --all");
  const pages = all
    ? desk.client.pages<Name, T>(path, query)
    : [await desk.client.get<Page<Name, T>>(path, { ...query, first })];
  let count = 0;
  for await (const page of pages) {
    const items = page[name] as readonly T[];
    if (all && desk.isJson) for (const item of items) desk.output.json(JSON.stringify(item));
    else desk.print(page, () => desk.table(items, columns).slice(count === 0 ? 0 : 1));
    count += items.length;
    if (!all && !desk.isJson && page.nextCursor) desk.terminal.note("… and more: narrow it down, or say --all");
  }
  if (count === 0) throw new ExitError(EXIT.nothing, nothing);
}
