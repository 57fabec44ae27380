import type { Scope } from "#auth/scope.ts";
import type { Heard, Hearing } from "./hub-client.ts";

/** What an object has in the end. */
export type Truth = {
  /** Its revision, or its sequence number. */
  readonly last: number;
  /** The topics of its newest changes, up to the last one. Older ones are not stored any more. */
  readonly topics: readonly string[];
  /** Who has the device; a feed's own dealer. */
  readonly dealerId: string | null;
};

const NOTHING: Truth = { last: 0, topics: [], dealerId: null };

const STARTS = new Set(["SNAPSHOT", "STARTED"]);

const maySee = (scope: Scope, { dealerId }: Truth): boolean =>
  scope.role !== "dealer" || (dealerId !== null && scope.dealerIds.includes(dealerId));

/** Whether something is still to come. */
export function isBehind({ wish, heard, isOver }: Hearing, scope: Scope, truths: ReadonlyMap<string, Truth>): boolean {
  return wish.names.some((name) => {
    const truth = truths.get(name) ?? NOTHING;
    const last = heard.findLast((one) => one.name === name);
    if (last?.kind === "LOST") return false;
    if (wish.of === "devices" && !maySee(scope, truth)) return true;
    return isOver || last === undefined || last.at < truth.last;
  });
}

/** What a subscriber should not have heard, or has not heard: each a sentence. */
export function problemsOf(hearing: Hearing, scope: Scope, truths: ReadonlyMap<string, Truth>): string[] {
  return hearing.wish.names.flatMap((name) => {
    const truth = truths.get(name) ?? NOTHING;
    const own = hearing.heard.filter((one) => one.name === name);
    const wrong = own.flatMap((one, i) => problemOf(one, own[i - 1], truth) ?? []);
    const behind = isBehind({ ...hearing, wish: { ...hearing.wish, names: [name] } }, scope, truths);
    const told = `${name} for ${JSON.stringify(scope)}: ${own.map(({ kind, at }) => `${kind} ${at}`).join(", ")}`;
    return [
      ...wrong.map((problem) => `${problem} in ${told}`),
      ...(behind ? [`is behind ${truth.last} (${truth.dealerId}) in ${told}`] : []),
    ];
  });
}

function problemOf(item: Heard, before: Heard | undefined, { last, topics }: Truth): string | undefined {
  const { kind, at, topic, isFirst, isResumed } = item;
  if (at > last) return `${kind} ${at} is of a revision that there is not`;
  if (before?.kind === "LOST" && !isFirst) return `${kind} ${at} comes after the loss`;
  if (STARTS.has(kind))
    return isResumed || !isFirst ? `${kind} ${at} begins anew, although the place was known` : undefined;
  // A device that the token may not see, or that is not there, is lost without a revision.
  if (kind === "LOST")
    return before && before.kind !== "LOST" && at !== 0 && at <= before.at ? `LOST ${at} is late` : undefined;
  if (!before || before.kind === "LOST") return `${kind} ${at} has no beginning`;
  const firstStored = last - topics.length + 1;
  if (kind === "GAP") {
    if (at < before.at) return `GAP ${at} goes back`;
    return firstStored <= before.at + 1 ? `GAP ${at} hides what is stored` : undefined;
  }
  if (at !== before.at + 1) return `${kind} ${at} does not follow ${before.at}`;
  const stored = topics[at - firstStored];
  return stored !== undefined && topic !== null && topic !== stored
    ? `${kind} ${at} is ${topic} and not ${stored}`
    : undefined;
}
