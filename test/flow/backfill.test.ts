import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Clients, connect } from "../../local/clients.ts";
import type { Stack } from "../../local/stack.ts";
import { eventValue } from "../support/records.ts";
import { sharedStack } from "../support/shared-stack.ts";

const DEVICES = 24;
const work = mkdtempSync(join(tmpdir(), "concord-backfill-flow-"));
let stack: Stack;
let clients: Clients;

beforeAll(async () => {
  stack = await sharedStack();
  clients = await connect(stack.url);
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** When the row of a device last changed; live events are a minute before, at the same time, or a minute after. */
const rowTime = (n: number, minutes = 0) => new Date(Date.UTC(2026, 9, 5) + (n * 100 + minutes) * 60_000).toISOString();

/** A world of devices whose ids begin with its name, so that several have their place on one platform. */
function worldOf(name: string) {
  const folder = join(work, name);
  mkdirSync(folder);
  const rows = Array.from({ length: DEVICES }, (_, n) => {
    const dealer = n % 5 === 0 ? "\\N" : `D-${name}-${n % 3}`;
    return `${name}-${n},"Unloaded, ${n}",${dealer},${n % 2 === 0},${rowTime(n)}\n`;
  });
  writeFileSync(join(folder, "devices.csv"), `ID,NAME,DEALER,ONLINE,UPDATED_AT\n${rows.join("")}broken\n`);
  writeFileSync(join(folder, "mapping.yaml"), MAPPING);
  const state = join(folder, "state.json");
  const files = ["--state", state, "--faults", join(folder, "faults.ndjson")];
  const args = [
    folder,
    "--mapping",
    join(folder, "mapping.yaml"),
    "--url",
    stack.url.href,
    "--chunk-rows",
    "5",
    "--json",
    ...files,
  ];
  const start = (...more: string[]) =>
    spawn(process.execPath, ["cli/main.mjs", "backfill", "run", ...args, ...more], {
      stdio: ["ignore", "pipe", "pipe"],
    });
  return {
    /** Runs it to its end. */
    backfill: async (...more: string[]) => {
      const child = start(...more);
      const [out, said] = await Promise.all([child.stdout.toArray(), child.stderr.toArray(), once(child, "exit")]);
      expect([0, 4], String(said)).toContain(child.exitCode);
      return JSON.parse(String(out));
    },
    /** Kills it when it has saved its first state. */
    backfillKilled: async () => {
      const child = start("--rate", "40");
      await vi.waitFor(() => expect(existsSync(state)).toBe(true), { timeout: 20_000, interval: 5 });
      child.kill("SIGKILL");
      await once(child, "exit");
      expect(JSON.parse(readFileSync(state, "utf8")).tally.rows).toBeLessThan(DEVICES);
    },
    live: (from: number, to: number) => publishLive(name, from, to),
    devices: () => readDevices(name),
  };
}

const MAPPING = `
tables:
  devices:
    files: devices.csv
    key: ID
    device: ID
    source: elt
    time: UPDATED_AT
    events:
      - { topic: device.elt.profile.updated, data: { name: NAME } }
      - { topic: device.elt.status.reported, data: { online: ONLINE } }
      - topic: device.elt.dealer.assigned
        when: { DEALER: { isNull: false } }
        data: { dealer.dealerId: DEALER, dealer.name: { constant: A dealer } }
`;

/** Of three devices one changes before its row did, one at the same time, and one after. */
async function publishLive(name: string, from: number, to: number): Promise<void> {
  const profiles = [];
  const dealers = [];
  for (let n = from; n < to; n++) {
    const occurredAt = rowTime(n, (n % 3) - 1);
    const common = { deviceId: `${name}-${n}`, occurredAt, eventId: `live-${name}-${n}` };
    const record = (topic: string, data: object) => ({
      ...{ topic, key: common.deviceId },
      value: JSON.stringify(eventValue({ ...common, topic, data })),
    });
    profiles.push(record("device.elt.profile.updated", { name: `Live ${n}` }));
    if (n % 2 === 0)
      dealers.push(
        record("device.elt.dealer.assigned", { dealer: { dealerId: `D-${name}-live`, name: "A live dealer" } }),
      );
  }
  for (const records of [profiles, dealers]) await clients.push((records[0] as { topic: string }).topic, records);
}

type Shown = {
  readonly key: string;
  readonly name: string;
  readonly updatedAt: string;
  readonly dealer: { readonly dealerId: string } | null;
  readonly history: { readonly edges: readonly unknown[] };
};

/** What readers see of a world's devices once everything is settled, without the world's name. */
async function readDevices(name: string): Promise<Shown[]> {
  await vi.waitFor(async () => expect((await clients.outcomes()).inFlight).toBe(0), { timeout: 30_000, interval: 100 });
  const fields = `key name updatedAt status report { online reportedAt } dealer { dealerId name }
    assignments(first: 20) { edges { node { dealer { dealerId } from to } } }
    history(first: 20) { edges { node { topic occurredAt } } }`;
  const shown: Shown[] = [];
  for (let n = 0; n < DEVICES; n++) {
    const { device } = await clients.query<{ device: Shown | null }>(
      `query ($key: String!) { device(key: $key) { ${fields} } }`,
      {
        key: `elt:${name}-${n}`,
      },
    );
    // Which of two events of one time is the newer one depends on their ids, and so on the world's name.
    if (device) shown.push({ ...device, history: { edges: device.history.edges.toSorted(byText) } });
  }
  return JSON.parse(JSON.stringify(shown).replaceAll(name, "x"));
}

/** Headers are kept as base64, since they may be any bytes. */
const textOf = (base64: string): string => Buffer.from(base64, "base64").toString();
const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

describe("a backfill beside live events", () => {
  it("ends in the same devices whether it comes first, last, or is killed in the midst of them and goes on", async () => {
    const before = worldOf("bfbefore");
    await before.backfill();
    await before.live(0, DEVICES);

    const after = worldOf("bfafter");
    await after.live(0, DEVICES);
    await after.backfill();

    const amid = worldOf("bfamid");
    await amid.live(0, 8);
    await amid.backfillKilled();
    await amid.live(8, 16);
    const report = await amid.backfill();
    await amid.live(16, DEVICES);
    await amid.backfill("--restart");

    expect(report).toMatchObject({
      gaps: [],
      isComplete: true,
      tally: { rows: DEVICES + 1, bad: { unreadable_row: 1 } },
    });
    const devices = await before.devices();
    expect(devices).toHaveLength(DEVICES);
    expect(await after.devices()).toEqual(devices);
    expect(await amid.devices()).toEqual(devices);
    const nameOf = (n: number) => devices.find(({ key }) => key === `elt:x-${n}`)?.name;
    expect([nameOf(0), nameOf(1), nameOf(2)], "before its row, at the same time, after it").toEqual([
      "Unloaded, 0",
      "Live 1",
      "Live 2",
    ]);
  }, 180_000);

  it("leaves a dead letter that names the file and the line of a bad row", async () => {
    await vi.waitFor(
      async () => {
        const letters = await clients.exactLetters("?topic=device.elt.profile.updated");
        const named = letters.filter(({ headers }) => headers.some(([, value]) => textOf(value) === "devices.csv"));
        expect(named.length).toBeGreaterThan(0);
        const headers = Object.fromEntries((named[0]?.headers ?? []).map(([header, value]) => [header, textOf(value)]));
        expect(headers).toMatchObject({
          "concord-backfill-place": `line ${DEVICES + 2}`,
          "concord-backfill-fault": "unreadable_row: it has 1 fields, and the file has 5 columns",
        });
      },
      { timeout: 20_000, interval: 200 },
    );
  });
});
