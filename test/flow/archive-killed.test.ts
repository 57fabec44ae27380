import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Certificate, ForgetRequestJson } from "#ops/archive-forgetting.ts";
import type { Parcel } from "#queue/parcel.ts";
import { randomOf } from "../../samples/random.ts";
import { bucketIn, fileHolds, fleetsIn, linesIn, parquetRows, placesOf, type Row } from "./killed/disk.ts";
import { type Kill, killWhile } from "./killed/kills.ts";
import { KilledPlatform } from "./killed/platform.ts";
import { DAYS, Person, parcelsOf } from "./killed/records.ts";

/** `SEED=7 npx vitest run --project flow archive-killed` draws the same kills again; when exactly they hit is the machine's. */
const SEED = Number(process.env.SEED ?? Date.now() % 100_000);
const KILLS = 6;

const person = new Person("C-1", "Zaphod");
const other = new Person("C-2", "Xaxis");

/** Where a person is before it is forgotten, as the disk has it. */
const D1 = "d1/miniflare-D1DatabaseObject";
const INDEXED = `${D1} device_search_data.block`;
const PLANTED = [
  ...["bucket days", "bucket events", "bucket series"],
  ...["customer_records.name", "customer_records.value", "dead_letters.record"].map((column) => `${D1} ${column}`),
  ...["device_search.customer", "device_search.name"].map((column) => `${D1} ${column}`),
  INDEXED,
  ...["device_texts.customer", "device_texts.name", "devices.aspects"].map((column) => `${D1} ${column}`),
  "do/concord-devices-DeviceObject _cf_KV.value",
];

let platform: KilledPlatform;
let parcels: Parcel[];

beforeAll(async () => {
  platform = await KilledPlatform.create();
  parcels = parcelsOf([person, other], Date.now());
  await platform.send(parcels);
  // The local queues are in memory, so nothing may be left there.
  await vi.waitFor(
    async () => {
      const bucket = bucketIn(platform.folder);
      expect((await archivedIn(bucket, "events/")).length).toBe(parcels.flatMap(({ records }) => records).length);
      expect((await placesOf(platform.folder, other.word)).filter(isStable)).toEqual(
        PLANTED.filter((place) => isStable(place) && !/days|series/.test(place)),
      );
    },
    { timeout: 180_000, interval: 1_000 },
  );
}, 300_000);
afterAll(() => platform?.remove());

/** In the index, words share their beginnings, so what one of them looks like depends on its neighbours. */
const isStable = (place: string): boolean => place !== INDEXED;

/** The records of all raw objects or all day files, whether a manifest names them or not. */
async function archivedIn(bucket: ReadonlyMap<string, Buffer>, prefix: "events/" | "days/"): Promise<Row[]> {
  const files = [...bucket].filter(([key]) => key.startsWith(prefix) && !key.endsWith("manifest.json"));
  const read = files.map(([, bytes]) => (prefix === "events/" ? linesIn(bytes) : parquetRows(bytes)));
  return (await Promise.all(read)).flat();
}

const contentOf = ({ topic, key, value }: Row): string => JSON.stringify([topic, key, value]);

/** What the manifests say that the days consist of: names and hashes. None may say that something is still to be deleted. */
function namedIn(bucket: ReadonlyMap<string, Buffer>): string[] {
  const manifests = [...bucket].filter(([key]) => /^days\/.*manifest\.json$/.test(key));
  return manifests
    .flatMap(([, bytes]) => {
      const { parts, retired, replaced } = JSON.parse(bytes.toString());
      expect([retired, replaced]).toEqual([[], []]);
      return (parts as { key: string; sha256: string }[]).map(({ key, sha256 }) => `${key} ${sha256}`);
    })
    .sort();
}

const hashOf = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

const filesIn = (bucket: ReadonlyMap<string, Buffer>): string[] =>
  [...bucket].flatMap(([key, bytes]) => (key.endsWith(".parquet") ? `${key} ${hashOf(bytes)}` : [])).sort();

/** Files of which a text is anywhere in. */
async function holding(bucket: ReadonlyMap<string, Buffer>, text: string): Promise<string[]> {
  const found: string[] = [];
  for (const [key, bytes] of bucket) if (await fileHolds(key, bytes, text)) found.push(key);
  return found.sort();
}

const expectHit = (killed: readonly Kill[]): void => expect(killed.length).toBeGreaterThanOrEqual(KILLS);

describe(`a platform whose process is killed again and again while a job runs, with SEED=${SEED}`, () => {
  it("has each accepted record in one file once, after a compaction", async () => {
    await platform.ops("/archive/jobs/files", { kind: "compaction" });
    const { killed, end } = await killWhile(platform, "files", {
      ...{ kills: KILLS, random: randomOf(SEED).fork("compaction"), atMost: { steps: 8, ms: 40 } },
      stages: { gather: { ms: 40, times: 1 }, series: { ms: 40, times: 1 } },
    });
    expectHit(killed);
    expect(end).toMatchObject({ state: "done", report: { done: DAYS } });
    const bucket = bucketIn(platform.folder);
    const [inDays, raw] = [await archivedIn(bucket, "days/"), await archivedIn(bucket, "events/")];
    const all = [...inDays, ...raw];
    expect(all.map(contentOf).sort()).toEqual(parcels.flatMap(({ records }) => records.map(contentOf)).sort());
    expect(new Set(all.map(({ receipt }) => receipt)).size).toBe(all.length);
    // What was received today is not compacted yet.
    expect([raw.length > 0, raw.length < 20]).toEqual([true, true]);
    expect(filesIn(bucket)).toEqual(namedIn(bucket));
  }, 300_000);

  it("has a second database that is equal to the live one, after a rebuild", async () => {
    await platform.ops("/archive/jobs/rebuild", { kind: "rebuild", params: { into: "D1", keep: true, pace: 150 } });
    const { killed, end } = await killWhile(platform, "rebuild", {
      ...{ kills: KILLS, random: randomOf(SEED).fork("rebuild"), atMost: { steps: 2, ms: 500 } },
      stages: {},
    });
    expectHit(killed);
    expect(end).toMatchObject({ state: "done", report: { figures: { differences: 0 } } });
    const { live, rebuilt } = fleetsIn(platform.folder);
    expect(live.devices?.length).toBeGreaterThan(30);
    expect(rebuilt).toEqual(live);
  }, 300_000);

  it("has nothing of a customer who was forgotten, and a certificate that names each file", async () => {
    const before = bucketIn(platform.folder);
    expect(await placesOf(platform.folder, person.word)).toEqual(PLANTED);
    await platform.ops("/archive/forgets", { source: "elt", customerId: person.id, reason: "asked us to" });
    const { killed, end } = await killWhile(platform, "files", {
      ...{ kills: KILLS, random: randomOf(SEED).fork("forgetting"), atMost: { steps: 5, ms: 60 } },
      // All of its day files are one step.
      stages: { days: { ms: 400, times: 4 }, series: { ms: 40, times: 1 } },
    });
    expectHit(killed);
    expect(end).toMatchObject({ kind: "forgetting", state: "done" });
    expect(await placesOf(platform.folder, person.word)).toEqual([]);
    expect((await placesOf(platform.folder, other.word)).filter(isStable)).toEqual(PLANTED.filter(isStable));

    const { requests } = await platform.ops<{ requests: ForgetRequestJson[] }>("/archive/forgets");
    const certificate = await platform.ops<Certificate>(`/archive/forgets/${requests[0]?.requestId}`);
    expect(certificate.devices).toEqual(person.devices.map((device) => `elt:${device}`));
    expect(certificate.files.map((file) => file.before).sort()).toEqual(await holding(before, person.word));
    const after = bucketIn(platform.folder);
    for (const file of certificate.files)
      expect(hashOf(after.get(file.after ?? file.before) as Buffer)).toBe(file.sha256After);
    expect(filesIn(after)).toEqual(namedIn(after));
  }, 300_000);
});
