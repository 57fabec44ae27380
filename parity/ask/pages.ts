import { isObject, type Json, type JsonObject } from "../json.ts";
import { follow, membersOf, parsePath } from "../plan/path.ts";
import type { PagesSpec } from "../settings/schema.ts";
import type { AnswerError, Outcome } from "./answer.ts";
import type { Question } from "./side.ts";

export type Ask = (question: Question) => Promise<Outcome>;

/** Pages of a list in a document, and of a list of items, beyond which it is taken to have no end. */
const [MOST_IN_DOCUMENT, MOST_OF_ITEMS] = [50, 10_000];

/** The pages of a list, one answer after the other. The last may be a failure. */
export async function* pagesOf(
  ask: Ask,
  question: Question,
  pages: PagesSpec,
  most = pages.most ?? MOST_OF_ITEMS,
): AsyncGenerator<Outcome> {
  let cursor: Json = null;
  for (let page = 1; ; page++) {
    const variables = page === 1 ? question.variables : { ...question.variables, [pages.variable]: cursor };
    const outcome = await ask({ ...question, variables });
    yield outcome;
    if (outcome.kind === "failed") return;
    const next = nextOf(outcome.data, pages);
    if (next === null) return;
    if (next === cursor) return yield failed(`its page after ${JSON.stringify(next)} is that page again`);
    if (page === most) return yield failed(`its list has more than ${page} pages: raise pages.most`);
    cursor = next;
  }
}

const failed = (message: string): Outcome => ({ kind: "failed", message });

function nextOf(data: Json, { next, more }: PagesSpec): Json {
  const at = (path: string): Json => {
    const [found] = follow(data, parsePath(path), []);
    return found?.kind === "value" ? found.value : null;
  };
  return more !== undefined && at(more) !== true ? null : at(next);
}

/** The answer to a question whose list is read to its end: the first page, with the items of all. */
export async function askWhole(ask: Ask, question: Question, pages: PagesSpec | undefined): Promise<Outcome> {
  if (!pages) return ask(question);
  const members = membersOf(parsePath(pages.items));
  let first: Json | undefined;
  const items: Json[] = [];
  const errors: AnswerError[] = [];
  for await (const outcome of pagesOf(ask, question, pages, pages.most ?? MOST_IN_DOCUMENT)) {
    if (outcome.kind === "failed") return outcome;
    const isFirst = first === undefined;
    first ??= outcome.data;
    // The path of an error counts items from the beginning of its page.
    errors.push(...outcome.errors.map((each) => ({ ...each, path: movedBy(each.path, members, items.length) })));
    const page = itemsAt(outcome.data, members);
    // Nothing to go on with: the first page has no list, or a later one lost it to an error.
    if (page === null && !isFirst && outcome.errors.length === 0) return failed("a later page of its list has no list");
    items.push(...(page ?? []));
    if (page === null) break;
  }
  const data = first ?? null;
  return { kind: "answered", data: itemsAt(data, members) === null ? data : withItems(data, members, items), errors };
}

function itemsAt(data: Json, members: readonly string[]): readonly Json[] | null {
  const [found] = follow(data, membersToPath(members), []);
  return found?.kind === "value" && Array.isArray(found.value) ? found.value : null;
}

const membersToPath = (members: readonly string[]) => members.map((member) => ({ member }));

function withItems(value: Json, [member, ...rest]: readonly string[], items: readonly Json[]): Json {
  if (member === undefined) return items;
  const object = (isObject(value) ? value : {}) as JsonObject;
  return { ...object, [member]: withItems(object[member] ?? null, rest, items) };
}

function movedBy(path: AnswerError["path"], members: readonly string[], by: number): AnswerError["path"] {
  if (path === null || !members.every((member, i) => path[i] === member)) return path;
  const index = path[members.length];
  return typeof index === "number"
    ? [...path.slice(0, members.length), index + by, ...path.slice(members.length + 1)]
    : path;
}
