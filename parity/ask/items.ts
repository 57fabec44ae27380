import { createHash } from "node:crypto";
import type { Json } from "../json.ts";
import { converter } from "../plan/convert.ts";
import { follow, parsePath } from "../plan/path.ts";
import type { ItemsSpec, ListedItems } from "../settings/schema.ts";
import { type Ask, pagesOf } from "./pages.ts";

/** What a document is asked for: an id, and what else its variables take. */
export type Item = { readonly id: string; readonly values: Readonly<Record<string, Json>> };

export type ItemSources = {
  readonly readFile: (path: string) => string;
  /** Asks the side whose list it is. */
  readonly ask: (side: ListedItems["from"]) => Ask;
  readonly textOf: (document: ListedItems["document"]) => string;
  readonly onPage: (items: number) => void;
};

/** The items of a group, sampled by the seed, in an order that depends on the seed only. Of two with one id the first. */
export async function itemsOf(
  spec: ItemsSpec,
  { seed, sample }: { readonly seed: number; readonly sample: number | undefined },
  sources: ItemSources,
): Promise<Item[]> {
  const limit = sample ?? (Array.isArray(spec) ? undefined : spec.sample);
  const chosen = new Sample(seed, limit);
  if (Array.isArray(spec))
    for (const each of spec)
      chosen.add(typeof each === "string" ? itemOf(each, { id: each }) : itemOf(each.id as string, each));
  else if ("file" in spec) for (const id of linesOf(sources.readFile(spec.file))) chosen.add(itemOf(id, { id }));
  else for await (const item of listed(spec, sources)) chosen.add(item);
  return chosen.items();
}

const itemOf = (id: string, values: Readonly<Record<string, Json>>): Item => ({ id, values });

/** One id a line; an empty line and one that begins with # are none. */
const linesOf = (text: string): string[] =>
  text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));

async function* listed(spec: ListedItems, { ask, textOf, onPage }: ItemSources): AsyncGenerator<Item> {
  const readers = Object.entries(spec.values).map(([name, reading]) => {
    const { path = name, ...conversion } = typeof reading === "string" ? { path: reading } : reading;
    return { name, path: parsePath(path), convert: converter(conversion) };
  });
  let count = 0;
  const question = { text: textOf(spec.document), variables: spec.variables };
  for await (const outcome of pagesOf(ask(spec.from), question, spec.pages)) {
    if (outcome.kind === "failed") throw new ListError(`the ${spec.from} side's list: ${outcome.message}`);
    const [error] = outcome.errors;
    if (error) throw new ListError(`the ${spec.from} side's list: ${error.message}`);
    for (const found of follow(outcome.data, [...parsePath(spec.pages.items), "each"], [])) {
      if (found.kind === "null") continue;
      const values = Object.fromEntries(
        readers.map(({ name, path, convert }) => {
          const [at] = follow(found.value, path, []);
          return [name, convert(at?.kind === "value" ? at.value : null)];
        }),
      );
      const { id } = values;
      if (id === null || id === undefined)
        throw new ListError(`the ${spec.from} side's list has an item without an id at ${found.at.join(".")}`);
      yield itemOf(String(id), values);
    }
    onPage(++count);
  }
}

/** The list of items cannot be read, so that there is nothing to compare. */
export class ListError extends Error {
  override readonly name = "ListError";
}

/**
 * The items whose hashes with the seed are smallest: the same ones in whatever order the list comes, and mostly the same
 * ones when the list has grown. It keeps at most twice as many as it is asked for.
 */
class Sample {
  readonly #seed: number;
  readonly #limit: number;
  readonly #seen = new Map<string, { readonly rank: string; readonly item: Item }>();

  constructor(seed: number, limit: number | undefined) {
    this.#seed = seed;
    this.#limit = limit ?? Number.POSITIVE_INFINITY;
  }

  add(item: Item): void {
    if (this.#seen.has(item.id)) return;
    const rank = createHash("sha256").update(`${this.#seed}/${item.id}`).digest("hex").slice(0, 24);
    this.#seen.set(item.id, { rank, item });
    if (this.#seen.size >= 2 * this.#limit + 1_000) this.#trim();
  }

  items(): Item[] {
    this.#trim();
    return [...this.#seen.values()].map(({ item }) => item);
  }

  #trim(): void {
    const ranked = [...this.#seen].sort(([, a], [, b]) => (a.rank < b.rank ? -1 : a.rank > b.rank ? 1 : 0));
    this.#seen.clear();
    for (const [id, each] of ranked.slice(0, this.#limit)) this.#seen.set(id, each);
  }
}

/** A variable's value for an item: in texts `{name}` is what the item has by that name. A text of only that is the value itself. */
export function fill(template: Json, item: Item): Json {
  if (Array.isArray(template)) return template.map((each) => fill(each as Json, item));
  if (typeof template === "object" && template !== null)
    return Object.fromEntries(Object.entries(template).map(([name, each]) => [name, fill(each as Json, item)]));
  if (typeof template !== "string") return template;
  const [, only] = /^\{(\w+)\}$/.exec(template) ?? [];
  if (only !== undefined) return item.values[only] ?? null;
  return template.replace(/\{(\w+)\}/g, (_, name: string) => String(item.values[name] ?? ""));
}

/** The names that a variable's value takes from an item. */
export function namesIn(template: Json): string[] {
  return [...JSON.stringify(template).matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
}
