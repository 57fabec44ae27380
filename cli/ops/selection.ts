import { SOURCES } from "#domain/event.ts";
import { REASONS } from "#letters/reasons.ts";
import { LETTER_STATES } from "#letters/states.ts";
import type { Selection } from "#ops/api.ts";
import { defaultSortOf, SORTS, type SortedList, sortText } from "#ops/sorts.ts";
import type { AnyInput, Options } from "../command/command.ts";
import { UsageError } from "../command/usage-error.ts";

/** What completion offers. Topics are in the contracts, which no command loads for its help. */
export const OFFERED_TOPICS = async () =>
  (await import("#contracts/index.ts")).CONTRACTS.map(({ topic }) => topic).sort();
const OFFERED_KEYS = SOURCES.map((source) => `${source}:`);

/** Options that filter letters. Their names are those of the API's filter. */
export const FILTER = {
  state: {
    value: "state",
    summary: "State of the letters: open, replaying, resolved, discarded or quarantined",
    offer: LETTER_STATES,
  },
  topic: { value: "topic", summary: "Topic of the letters", offer: OFFERED_TOPICS },
  source: { value: "source", summary: `Source of the letters: ${SOURCES.join(", ")}`, offer: SOURCES },
  device: { value: "key", summary: "Device key of the letters, such as elt:T-1", offer: OFFERED_KEYS },
  reason: { value: "reason", summary: "Why the letters failed: schema_mismatch, fault and others", offer: REASONS },
  group: { value: "id", summary: "Group of the letters" },
  since: { value: "time", summary: "Start of the time range: last failed at or after this time (RFC 3339)" },
  until: { value: "time", summary: "End of the time range: last failed before this time (RFC 3339)" },
  text: { value: "words", summary: "Words to search for; personal values are not searched" },
} as const satisfies Options;

export const SELECTION = {
  ...FILTER,
  id: { value: "id", repeats: true, summary: "Id of a letter, instead of a filter" },
} as const satisfies Options;

export function filterOf(input: AnyInput): Record<string, string> {
  const given = Object.keys(FILTER).flatMap((name): [string, string][] => {
    const value = input[name];
    return typeof value === "string" ? [[name, value]] : [];
  });
  // An empty variable in a script must not widen the filter.
  const [empty] = given.filter(([, value]) => value.trim() === "");
  if (empty) throw new UsageError(`--${empty[0]} is empty`);
  return Object.fromEntries(given);
}

/** The letters that a command acts on: by their ids, a group, or a filter. Without any it would be all, which is refused. */
export function selectionOf(input: AnyInput): Selection {
  const filter = filterOf(input);
  const ids = input.id as string[] | undefined;
  if (ids && Object.keys(filter).length > 0) throw new UsageError("--id cannot be combined with a filter");
  if (ids) return { ids };
  if (Object.keys(filter).length === 0)
    throw new UsageError("no letters are selected: add --id, --group, or a filter such as --topic, --reason, --device");
  const { group, ...others } = filter;
  return group !== undefined && Object.keys(others).length === 0 ? { group } : ({ filter } as Selection);
}

/** A selection as it was given: `--topic t --reason crash`. */
export const describeSelection = (input: AnyInput): string =>
  Object.keys(SELECTION)
    .flatMap((name) => (input[name] === undefined ? [] : [`--${name} ${[input[name]].flat().join(", ")}`]))
    .join(" ");

/** How much of a list is printed. */
export const PAGING = {
  first: { value: "count", summary: "How many items to print, 1 to 100 (default 25)" },
  all: { summary: "Print all items, page by page; with --json one line for each" },
} as const satisfies Options;

/** The order of a list. An order with `-` in front has to be given as `--sort=-name`, or it would read as an option. */
export const sortOf = (list: SortedList) =>
  ({
    sort: {
      value: "order",
      offer: SORTS[list],
      summary: `Order of the list: ${SORTS[list].join(", ")}; with - in front the largest first (default ${sortText(defaultSortOf(SORTS[list]))})`,
    },
  }) as const satisfies Options;
