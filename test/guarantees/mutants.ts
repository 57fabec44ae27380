/** A change of the code that breaks one guarantee and no other: its test fails, and all others pass. */
export type Mutant = {
  /** What the name of the guarantee's test begins with. */
  readonly guarantee: `G${number}`;
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** What is wrong with the code then. */
  readonly says: string;
};

/** `npm run mutants` holds each of them against the tests; docs/guarantees.md lists them. */
export const MUTANTS: readonly Mutant[] = [
  {
    guarantee: "G1",
    file: "workers/ingest/accept.ts",
    find: "new Set<Judged>(good.slice(0, recordsIn(parcels.slice(0, sent))))",
    replace: "new Set<Judged>(good)",
    says: "good records count as taken, whatever the queue said",
  },
  {
    guarantee: "G2",
    file: "workers/ingest/consume.ts",
    find: "endings.filter(({ arrival }) => !held.has(arrival.message)).map(handledOf)",
    replace: "endings.map(handledOf)",
    says: "a message that comes back is counted now and again",
  },
  {
    guarantee: "G3",
    file: "src/shared/repositories/guarded-writes.ts",
    find: ".revision = j.value->>'r'",
    replace: ".revision > 0",
    says: "the revision is not checked before a write",
  },
  {
    guarantee: "G4",
    file: "src/shared/domain/snapshot.ts",
    find: "return same ? a : { latest, aspects, history };",
    replace: "return { latest, aspects, history };",
    says: "an object's snapshot counts as changed although nothing was added to it",
  },
  {
    // To acknowledge before consuming breaks more than this: what the queues refuse is lost then too.
    guarantee: "G5",
    file: "workers/ingest/consume.ts",
    find: "const taken = round.filter((arrival) => inD1.get(arrival) !== null);",
    replace: `const knowsAll = rowsWritten === 0 && round.every(({ record }) => !record.merged);
  const taken = round.filter((arrival) => inD1.get(arrival) !== null && !(knowsAll && inD1.get(arrival) === "duplicate"));`,
    says: "a record that D1 knows already is not brought to its object",
  },
  {
    guarantee: "G6",
    file: "src/shared/repositories/fault.ts",
    find: '    "transient issue",\n',
    replace: "",
    says: "one of the platform's texts for an outage is not recognised",
  },
  {
    guarantee: "G7",
    file: "workers/ingest/send-on.ts",
    find: '(kind === "deferred" ? (arrival.parcel.deferrals ?? 0) :',
    replace: '(kind === "deferred" ? 0 :',
    says: "a parcel forgets how often it was put off",
  },
  {
    guarantee: "G8",
    file: "workers/devices/device-object.ts",
    find: "this.ctx.storage.kv.put(MEMORY, stored);",
    replace: "this.#stored = stored; this.ctx.storage.kv.put(MEMORY, stored);",
    says: "an object's memory moves before its write was taken",
  },
  {
    guarantee: "G9",
    file: "workers/ingest/send-on.ts",
    find: "return packParcels(records, { ...(traceparent && { traceparent }), isolated: true });",
    replace: "return packParcels(records, { ...(traceparent && { traceparent }) });",
    says: "records that failed travel on together",
  },
  {
    guarantee: "G10",
    file: "workers/dlq/park.ts",
    find: `  const suspects = records.filter(({ suspect }) => suspect);
  const others = records.filter(({ suspect }) => !suspect);
`,
    replace: `  const suspects = records;
  const others: QueuedRecord[] = [];
`,
    says: "every record of a parcel that took its consumer down is parked",
  },
  {
    guarantee: "G11",
    file: "workers/dlq/park.ts",
    find: "for (const delivery of await renew(deps, expiring)) taken.add(delivery);",
    replace: "",
    says: "letters are not sent anew before the queue gives them up",
  },
  {
    guarantee: "G12",
    file: "workers/dlq/replay.ts",
    find: "if (edited === null) return { ...original, letterId: id };",
    replace: `const now = { ...JSON.parse(original.value ?? "{}"), occurredAt: new Date().toISOString() };
  if (edited === null) return { ...original, letterId: id, value: JSON.stringify(now) };`,
    says: "a replayed record says that it happened now",
  },
  {
    guarantee: "G13",
    file: "src/shared/queue/backoff.ts",
    find: "Math.ceil(ceiling / 2 + (ceiling / 2) * random)",
    replace: "ceiling",
    says: "waits are not left to chance: what failed together comes back together",
  },
  {
    guarantee: "G14",
    file: "workers/devices/live/delivery.ts",
    find: "[{ ...subscription, cursor: pull.cursor }]",
    replace: "[subscription]",
    says: "how far a listener has been told is not noted with its socket",
  },
  {
    guarantee: "G15",
    file: "src/shared/domain/assignment.ts",
    find: "compareVersions(from, version) <= 0 &&",
    replace: "from.slice(0, 24) <= version.slice(0, 24) &&",
    says: "a handover is decided by its time, and not by its version",
  },
  {
    guarantee: "G16",
    file: "src/shared/domain/party.ts",
    find: "partyKeyOf = (source: Source, id: string)",
    replace: 'partyKeyOf = (said: Source, id: string, source = said === "infinity" ? "elt" : said)',
    says: "a source's word of a dealer is kept as another's",
  },
];
