import { sameContent } from "#domain/register.ts";
import { MINUTE_MS } from "#domain/time.ts";
import type { Contract } from "../define.ts";
import { listFields, listPiiPaths, toJsonSchema, toMarkedSchema } from "../describe.ts";
import { memberAt } from "../envelope.ts";
import { casesOf } from "./cases.ts";
import { type Difference, differencesOf } from "./differences.ts";
import { fits } from "./fits.ts";
import { ASCII, withProbes } from "./probes.ts";
import {
  LATE_MS,
  type ReadEvent,
  type ReleasedEvent,
  type ReleasedVersion,
  readBy,
  refusalOf,
  wholeValue,
} from "./release.ts";
import { shrink } from "./shrink.ts";

/** An event that was accepted was, and what it was and is read as. */
export type Counterexample = {
  /** What is special about it. */
  readonly about: string;
  readonly topic: string;
  /** `null`: a record without a value, whose key is the device's id. */
  readonly value: unknown;
  readonly was: unknown;
  /** `undefined` if it is refused now. */
  readonly now: unknown;
};

export type Problem = { readonly what: string; readonly counterexample?: Counterexample | undefined };

/**
 * - unchanged: nothing that anybody could notice
 * - compatible: every event that passed then passes now, whoever sends it, and does the same
 * - upcast: events of the released version have to be converted, and are
 * - breaking: some event of the released version is refused, or does something else
 * - gone: no contract reads the topic
 */
export type Verdict = "unchanged" | "compatible" | "upcast" | "breaking" | "gone";

export type Judgement = {
  readonly topic: string;
  readonly verdict: Verdict;
  readonly from: number;
  readonly to: number | null;
  /** What fails the check. */
  readonly problems: readonly Problem[];
  /** What changed, and what it asks of others. */
  readonly notes: readonly string[];
  /** Why the contract's author says that it is right all the same. */
  readonly reviewed?: string | undefined;
};

export type Compared = {
  /** The last released version of the topic. */
  readonly last: ReleasedVersion;
  /** Released versions before it. */
  readonly before?: readonly ReleasedVersion[];
  /** The contract that reads the topic today, by its name or by an alias. */
  readonly contract: Contract | undefined;
  readonly todayMs: number;
};

/** Compares a topic with its last release. */
export function judge({ last, before = [], contract, todayMs }: Compared): Judgement {
  const { topic, version: from } = last;
  if (!contract) {
    const counterexample = firstOf(last, topic);
    const what = "no contract reads the topic any more. A topic is never renamed or removed; its producers still send";
    return { topic, verdict: "gone", from, to: null, problems: [{ what, counterexample }], notes: [] };
  }
  const to = contract.version;
  const differences = differencesOf(last.schema, toJsonSchema({ value: contract.data }));
  const unread = unreadOf(last, contract, from);
  const broken = [
    ...brokenUnder(last, { contract, todayMs, unread }),
    ...before
      .filter(({ version }) => isKept(contract, version))
      .flatMap((each) => brokenUnder(each, { contract, todayMs, unread: unreadOf(each, contract, each.version) })),
    ...unmarked(last, contract),
  ];
  // A current version that is also the released one is read the same with and without its stamp.
  const direct = from === to ? unread : unreadOf(last, contract, undefined);
  const noticed = [...differences.filter(({ kind }) => kind !== "words"), ...gainedTombstone(last, contract)];
  const isSame = noticed.length === 0 && broken.length === 0 && direct === undefined;
  const reviewed = contract.earlier.find((each) => each.version === from)?.reviewed;
  const notes = notesOf(noticed, { direct, unread, topic, contract });
  const verdict = broken.length > 0 ? "breaking" : direct ? "upcast" : isSame ? "unchanged" : "compatible";
  const counted = isCounted(isSame, to, from) ? [] : [notCounted(to, from, broken.length > 0 ? undefined : direct)];
  const problems = reviewed !== undefined && to > from ? [] : [...broken, ...counted];
  return { topic, verdict, from, to, problems, notes, ...(reviewed !== undefined && { reviewed }) };
}

const gainedTombstone = ({ tombstone }: ReleasedVersion, contract: Contract): Difference[] =>
  tombstone === null && contract.tombstone ? [{ kind: "widens", what: "a record without a value is accepted" }] : [];

const isKept = ({ earlier }: Contract, version: number) => earlier.some((each) => each.version === version);

const isCounted = (isSame: boolean, to: number, from: number): boolean => (isSame ? to >= from : to > from);

const notCounted = (to: number, from: number, counterexample: Counterexample | undefined): Problem => ({
  what:
    to < from
      ? `the contract's version is ${to}, which is older than what is released: ${from}`
      : `the contract changed, and its version is ${to}, which is released. Raise it, and describe version ${from} in \`earlier\``,
  counterexample,
});

/**
 * What of a released version is refused or read differently, with the smallest counterexample of each.
 * @param unread what `unreadOf` found of its events, stamped with their own version
 */
function brokenUnder(
  released: ReleasedVersion,
  { contract, todayMs, unread }: Pick<Noted, "unread"> & { readonly contract: Contract; readonly todayMs: number },
): Problem[] {
  const { topic, version } = released;
  const what =
    unread?.now === undefined ? "is refused now" : "is read differently now, so devices would end in another state";
  const isCovered = isKept(contract, version);
  const hint = isCovered ? "its upcaster does not cover" : "no upcaster covers";
  return [
    ...(unread ? [{ what: `an event of version ${version} ${what}, and ${hint} it`, counterexample: unread }] : []),
    ...endedAliases(released, contract, todayMs),
    ...(sameContent(released.tombstone, contract.tombstone ?? null) || released.tombstone === null
      ? []
      : [
          {
            what: `a record without a value of version ${version} does something else now`,
            counterexample: {
              about: "a tombstone",
              topic,
              value: null,
              was: released.tombstone,
              now: contract.tombstone,
            },
          },
        ]),
  ];
}

/** The smallest event of a version that is refused or read differently. @param as the version it is stamped with */
function unreadOf(released: ReleasedVersion, contract: Contract, as: number | undefined): Counterexample | undefined {
  const isConverted = as !== undefined && contract.earlier.some(({ version, up }) => version >= as && up);
  const broken = released.events
    .map((event) => ({ event, ...comparison(event, readBy(contract, wholeValue(released, event), as), isConverted) }))
    .filter(({ was, now }) => now === undefined || !sameContent(was, now))
    .sort((a, b) => sizeOf(a.event) - sizeOf(b.event))[0];
  if (!broken) return refusedProbe(released, contract, as);
  const { event, was, now } = broken;
  const { topic } = released;
  if ("data" in event && now === undefined) return smallest(released, contract, event, as);
  return { about: event.about, topic, value: wholeValue(released, event), was, now };
}

/**
 * Data at the limits of both versions that the released schema accepts and the contract refuses: the release has no event
 * of a limit that only the new version has. What code alone refuses is left out, since the release may have refused it too.
 */
function refusedProbe(
  released: ReleasedVersion,
  contract: Contract,
  as: number | undefined,
): Counterexample | undefined {
  const { schema, example, dataAt } = released;
  const sound = dataAt.length > 0 ? memberAt(example, dataAt) : soundOf(released);
  const probed = withProbes(schema, toJsonSchema({ value: contract.data }), sound);
  const refused = casesOf(probed, sound)
    .map(({ about, data }) => ({ about, data, change: {} }))
    .filter(({ data }) => fits(schema, data) && couldBeOf(contract, released.version, data))
    .find((event) => refusalOf(contract, wholeValue(released, event), as)?.every((why) => !why.startsWith("custom ")));
  if (refused) return smallest(released, contract, refused, as);
  return contract.places ? undefined : refusedEnvelope(released, contract, as);
}

/** An upcaster's schema has the checks of its version, which the released schema does not have. */
function couldBeOf({ earlier }: Contract, version: number, data: unknown): boolean {
  const schema = earlier.find((each) => each.version === version)?.data;
  return schema === undefined || schema.safeParse(data).success;
}

/** What every version accepts beside its data, of a source whose envelope is Concord's. */
function refusedEnvelope(
  released: ReleasedVersion,
  contract: Contract,
  as: number | undefined,
): Counterexample | undefined {
  const { topic, example } = released;
  const refused = ACCEPTED.find(({ members }) => !readBy(contract, { ...example, ...members }, as));
  return (
    refused && {
      about: refused.about,
      topic,
      value: { ...example, ...refused.members },
      was: "accepted",
      now: undefined,
    }
  );
}

const FIVE_MINUTES_AHEAD = new Date(LATE_MS + 5 * MINUTE_MS).toISOString();

const ACCEPTED: readonly { readonly about: string; readonly members: object }[] = [
  { about: "an undeclared member", members: { "a member that is not declared": 1 } },
  { about: "a device id of capital letters", members: { deviceId: "ABCDEFGHIJKLMNOPQRSTUVWXYZ" } },
  { about: "a device id of small letters", members: { deviceId: "abcdefghijklmnopqrstuvwxyz" } },
  { about: "a device id of digits and marks", members: { deviceId: "0123456789.:_-" } },
  { about: "an event id of every visible character of ASCII", members: { eventId: ASCII.join("") } },
  { about: "five minutes ahead of the clock", members: { occurredAt: FIVE_MINUTES_AHEAD } },
];

/** Data that the release read, of a source whose data stands in the value itself. */
const soundOf = ({ events }: ReleasedVersion): unknown =>
  events.flatMap((event) => ("data" in event ? event.data : []))[0];

/** An event that is about its data says more than one about its id. */
const sizeOf = (event: ReleasedEvent): number => JSON.stringify(event).length + ("with" in event ? 1e6 : 0);

/** What an event was read as, and what it is read as now. Of a converted one, the history keeps what is current. */
function comparison(event: ReleasedEvent, read: ReadEvent | undefined, isConverted: boolean) {
  if ("with" in event) return { was: event.identity, now: read?.identity };
  const { change, data, kept = data } = event;
  if (!read || isConverted || !sameContent(change, read.change)) return { was: change, now: read?.change };
  return { was: { history: kept }, now: { history: read.data } };
}

/** Of an event that is refused, the smallest that the schema of then accepts. */
function smallest(
  released: ReleasedVersion,
  contract: Contract,
  event: Extract<ReleasedEvent, { data: unknown }>,
  as: number | undefined,
): Counterexample {
  const { topic, schema, isRefined, example, dataAt } = released;
  const written = (data: unknown) => wholeValue(released, { about: "", data, change: {} });
  const reasons = refusalOf(contract, written(event.data), as) ?? [];
  // Refused for another reason, it may have been refused then too: a text that is cut may lack what a check asks for.
  const isBroken = (data: unknown) =>
    refusalOf(contract, written(data), as)?.every((why) => reasons.includes(why)) === true;
  const data = shrink(event.data, { schema, isRefined, sound: memberAt(example, dataAt), isBroken });
  const isReleased = released.events.includes(event);
  const was = isReleased && sameContent(data, event.data) ? event.change : "accepted";
  const about = was === "accepted" ? "the smallest" : event.about;
  return { about, topic, value: written(data), was, now: undefined };
}

function firstOf(released: ReleasedVersion, topic: string): Counterexample | undefined {
  const [event] = released.events;
  return event && { about: event.about, topic, value: wholeValue(released, event), was: "accepted", now: undefined };
}

/** An alias that ends before the date on which its producers were told it would. */
const endedAliases = (released: ReleasedVersion, contract: Contract, todayMs: number): Problem[] =>
  released.aliases.flatMap(({ topic, until }): Problem[] => {
    const isOver = Date.parse(until) <= todayMs;
    const now = contract.aliases.find((alias) => alias.topic === topic);
    if (isOver || (now && now.until >= until)) return [];
    const what = `the alias ${topic} was to be read until ${until}, and ${now ? `ends on ${now.until}` : "is gone"}`;
    return [{ what, counterexample: firstOf(released, topic) }];
  });

/** Personal data that would be shown in letters, exports and searches. */
function unmarked(released: ReleasedVersion, contract: Contract): Problem[] {
  const marked = new Set(listPiiPaths({ properties: { data: toMarkedSchemaOfData(contract) } }));
  const declared = new Set(
    listFields({ properties: { data: toJsonSchema({ value: contract.data }) } }).map(({ path }) => path),
  );
  return listPiiPaths({ properties: { data: released.schema } })
    .filter((path) => declared.has(path) && !marked.has(path))
    .map((path): Problem => {
      const at = path.split(".").slice(1);
      const event = released.events.find((each) => "data" in each && memberAt(each.data, at) !== undefined);
      const { topic } = released;
      const shown = event && {
        about: event.about,
        topic,
        value: wholeValue(released, event),
        was: "masked",
        now: "shown",
      };
      return { what: `${path} is no longer marked as personal data`, counterexample: shown };
    });
}

const toMarkedSchemaOfData = ({ data, earlier }: Contract) =>
  toMarkedSchema({ value: data, earlier, places: { data: null } } as never);

type Noted = {
  readonly direct: Counterexample | undefined;
  readonly unread: Counterexample | undefined;
  readonly topic: string;
  readonly contract: Contract;
};

function notesOf(differences: readonly Difference[], { direct, unread, topic, contract }: Noted): string[] {
  return [
    ...differences.map(({ what }) => what),
    ...differences
      .filter(({ kind, what }) => kind === "widens" && what.includes("may be"))
      .map(({ what }) => `consumers may see what is new: ${what}`),
    ...(topic === contract.topic ? [] : [`is read as an alias of ${contract.topic}`]),
    ...(direct && !unread
      ? ["producers that send the released version have to declare it, or change before this is deployed"]
      : []),
  ];
}
