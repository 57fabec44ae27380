/** A change of the code that breaks one guarantee and no other: its test fails, and all others pass. */
export type Mutant = {
  /** The beginning of the name of the guarantee's test. */
  readonly guarantee: `G${number}`;
  readonly file: string;
  /** Occurs in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** The fault that the change introduces. */
  readonly says: string;
};

/** `npm run mutants` runs the tests against each of them; docs/guarantees.md lists them. */
export const MUTANTS: readonly Mutant[] = [
  {
    guarantee: "G1",
    file: "workers/ingest/accept.ts",
    find: "new Set<Judged>(good.slice(0, recordsIn(parcels.slice(0, sent))))",
    replace: "new Set<Judged>(good)",
    says: "good records count as accepted even if the queue refused them",
  },
  {
    guarantee: "G2",
    file: "workers/ingest/consume.ts",
    find: "endings.filter(({ arrival }) => !held.has(arrival.message)).map(toHandled)",
    replace: "endings.map(toHandled)",
    says: "a message that is retried whole is counted twice",
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
    says: "an object's snapshot counts as changed although no event changed it",
  },
  {
    // A consumer that acknowledges before it consumes would break more than this: what the queues refuse would be lost
    // too.
    guarantee: "G5",
    file: "workers/ingest/consume.ts",
    find: "const taken = round.filter((arrival) => inD1.get(arrival) !== null);",
    replace: `const knowsAll = rowsWritten === 0 && round.every(({ record }) => !record.merged);
  const taken = round.filter((arrival) => inD1.get(arrival) !== null && !(knowsAll && inD1.get(arrival) === "duplicate"));`,
    says: "a record that D1 has already applied is not sent to its object",
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
    says: "a parcel's number of attempts is lost",
  },
  {
    guarantee: "G8",
    file: "workers/devices/device-object.ts",
    find: "this.ctx.storage.kv.put(MEMORY, stored);",
    replace: "this.#stored = stored; this.ctx.storage.kv.put(MEMORY, stored);",
    says: "an object updates its memory before its write succeeded",
  },
  {
    guarantee: "G9",
    file: "workers/ingest/send-on.ts",
    find: "return packParcels(records, { ...sameWay(parcel), isolated: true });",
    replace: "return packParcels(records, sameWay(parcel));",
    says: "records that failed stay in one parcel",
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
    says: "every record of a parcel that crashed its consumer becomes a dead letter",
  },
  {
    guarantee: "G11",
    file: "workers/dlq/park.ts",
    find: "for (const delivery of await renew(deps, expiring)) taken.add(delivery);",
    replace: "",
    says: "letters are not sent again before the queue gives them up",
  },
  {
    guarantee: "G12",
    file: "workers/dlq/replay.ts",
    find: "if (edited === null) return { ...original, letterId: id };",
    replace: `const now = { ...JSON.parse(original.value ?? "{}"), occurredAt: new Date().toISOString() };
  if (edited === null) return { ...original, letterId: id, value: JSON.stringify(now) };`,
    says: "a replayed record gets the current time as its own",
  },
  {
    guarantee: "G13",
    file: "src/shared/queue/backoff.ts",
    find: "Math.ceil(ceiling / 2 + (ceiling / 2) * random)",
    replace: "ceiling",
    says: "waits have no jitter: records that failed together are retried together",
  },
  {
    guarantee: "G14",
    file: "workers/devices/live/fan-out.ts",
    find: "[{ ...subscription, cursor: pull.cursor }]",
    replace: "[subscription]",
    says: "the cursor of a subscription is not saved with its socket",
  },
  {
    guarantee: "G14",
    file: "workers/devices/hub/progress.ts",
    find: "else places.move(socket, number, now);",
    replace: "else places.move(socket, number, known);",
    says: "a hub does not save the cursor of a subscription with its socket",
  },
  {
    guarantee: "G15",
    file: "src/shared/domain/assignment.ts",
    find: "compareVersions(from, version) <= 0 &&",
    replace: "from.slice(0, 24) <= version.slice(0, 24) &&",
    says: "a handover is decided by its time instead of its version",
  },
  {
    guarantee: "G16",
    file: "src/shared/domain/party.ts",
    find: "partyKeyOf = (source: Source, id: string)",
    replace: 'partyKeyOf = (said: Source, id: string, source = said === "infinity" ? "elt" : said)',
    says: "one source's record of a dealer is stored as another source's",
  },
  {
    guarantee: "G17",
    file: "workers/ingest/accept.ts",
    find: 'judged.filter((each) => each.kind === "good")',
    replace: 'judged.filter((each, i) => each.kind === "good" && judged[i - 1]?.kind !== "bad")',
    says: "a good record behind a bad one is not sent to the queue",
  },
  {
    guarantee: "G18",
    file: "src/shared/queue/contract-version.ts",
    find: "contractVersion: record.contractVersion ?? 1,",
    replace: "contractVersion: undefined,",
    says: "the version that the boundary has stamped is not read",
  },
  {
    guarantee: "G18",
    file: "workers/ingest/consume.ts",
    find: 'if (isAhead(record, nowMs)) return { ...origin, kind: "ahead" };',
    replace: "isAhead(record, nowMs);",
    says: "a record of a version that the consumer does not have is read by the one that it has",
  },
  {
    guarantee: "G19",
    file: "src/shared/auth/verify.ts",
    find: "if (!(may as readonly unknown[]).includes(claims.role)) return",
    replace: "if (may.length === 0) return",
    says: "a key may sign every role",
  },
  {
    guarantee: "G19",
    file: "src/shared/auth/revocation.ts",
    find: 'if (target.kind === "token") this.#tokens.add(target.jti);',
    replace: 'if (target.kind === "token") continue;',
    says: "a token's revocation is not in the list that requests are compared with",
  },
  {
    guarantee: "G20",
    file: "workers/ingest/archive.ts",
    find: "for (const { ending } of members) faults.set(ending, put.thrown);",
    replace: "",
    says: "a record is acknowledged although R2 did not take it",
  },
  {
    guarantee: "G20",
    file: "src/shared/queue/receipt.ts",
    find: "return record.receipt ?? (id === undefined",
    replace: "return (id === undefined",
    says: "a record that goes back to the queue is another record there",
  },
  {
    guarantee: "G21",
    file: "workers/archive/jobs/verification/devices.ts",
    find: "const settled = differences.filter(({ isAbove }) => !isAbove);",
    replace: 'const settled = differences.filter(({ cause }) => cause === "derived");',
    says: "only columns are compared at once: a lost row is no difference",
  },
  {
    guarantee: "G21",
    file: "workers/archive/jobs/verification/later.ts",
    find: "explained: [...new Set([...explained, ...fresh])]",
    replace: "explained: fresh.length > 0 ? explained : []",
    says: "what was archived since a row was read explains nothing, so a busy device differs",
  },
  {
    guarantee: "G22",
    file: "src/shared/repositories/forgotten.ts",
    find: "isForgotten[i] ? redactEvent(event) : event",
    replace: "isForgotten[i] ? event : event",
    says: "events of somebody who was forgotten are merged as they came",
  },
  {
    guarantee: "G22",
    file: "src/shared/letters/repositories/forgotten-records.ts",
    find: "failed.map((each) => remainderOfLetter(each, { keys, nowMs }) ?? each)",
    replace: "[...failed]",
    says: "records that their contract refuses are kept as they came",
  },
];
