import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Random, randomOf } from "../../samples/random.ts";
import {
  alter,
  type DeviceRow,
  PARITY_YAML,
  sideInMemory,
  type World,
  worldOf,
} from "../../test/support/parity-sides.ts";
import { Side } from "../ask/side.ts";
import { loadParity } from "../settings/load.ts";
import { Run } from "./run.ts";
import { newState } from "./state.ts";

/** `npm run nightly` raises it to 10,000. */
const DEVICES = Number(process.env.PARITY_DEVICES ?? 150);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "concord-parity-planted-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What may go wrong with a device on the new side, and the one difference that has to be found then. */
type Plant = {
  readonly where: string;
  readonly fits?: (row: DeviceRow) => boolean;
  readonly change: (row: DeviceRow) => Partial<DeviceRow>;
  /** Of the first alert's id. */
  readonly place?: (alertId: string) => string;
};

const hasAlert = ({ alerts }: DeviceRow) => alerts.length > 0;
const ofFirst =
  (change: (alert: DeviceRow["alerts"][number]) => Partial<DeviceRow["alerts"][number]>) => (row: DeviceRow) => ({
    alerts: row.alerts.map((alert, i) => (i === 0 ? { ...alert, ...change(alert) } : alert)),
  });

const PLANTS: readonly Plant[] = [
  { where: "device model mismatch", change: ({ model }) => ({ model: model.slice(0, 4) }) },
  { where: "device model mismatch", change: ({ model }) => ({ model: model.toUpperCase() }) },
  { where: "device serialNumber missing_new", change: () => ({ serial: null }) },
  { where: "device serialNumber mismatch", change: ({ serial }) => ({ serial: ` ${serial}` }) },
  {
    where: "device dealer.dealerId mismatch",
    fits: ({ dealer }) => dealer !== null,
    change: ({ dealer }) => ({ dealer: { id: "D-99", name: dealer?.name ?? "" } }),
  },
  {
    where: "device temperatureC mismatch",
    change: ({ temperatureC }) => ({ temperatureC: (temperatureC ?? 0) * 1.8 + 32 }),
  },
  { where: "device temperatureC missing_new", change: () => ({ temperatureC: null }) },
  { where: "device online mismatch", change: ({ isOnline }) => ({ isOnline: !isOnline }) },
  { where: "device reportedAt mismatch", change: ({ lastSeen }) => ({ lastSeen: `${lastSeen.slice(0, 19)}.000Z` }) },
  {
    where: "device reportedAt mismatch",
    change: ({ lastSeen }) => ({ lastSeen: new Date(Date.parse(lastSeen) + 5 * 3_600_000).toISOString() }),
  },
  { where: "device features mismatch", change: ({ features }) => ({ features: [...features, "humidify"] }) },
  {
    where: "alerts missing_new",
    fits: hasAlert,
    change: ({ alerts }) => ({ alerts: alerts.slice(1) }),
    place: (id) => `alerts[${id}]`,
  },
  {
    where: "alerts missing_old",
    fits: hasAlert,
    change: ({ alerts }) => ({ alerts: [...alerts, alerts[0] as never] }),
    place: (id) => `alerts[${id}#2]`,
  },
  {
    where: "alerts mismatch",
    fits: hasAlert,
    change: ofFirst(({ severity }) => ({ severity: severity === "INFO" ? "CRITICAL" : "INFO" })),
    place: (id) => `alerts[${id}].severity`,
  },
  {
    where: "alerts mismatch",
    fits: hasAlert,
    change: ofFirst(({ text }) => ({ text: text.slice(0, 6) })),
    place: (id) => `alerts[${id}].text`,
  },
];

/** Changes a device on the new side. @returns the difference, as it has to be found */
function plant({ where, change, place }: Plant, row: DeviceRow, world: World): string {
  alter(world, row.id, change(row));
  const [document, ...rest] = where.split(" ");
  const at = place === undefined ? rest[0] : place(row.alerts[0]?.alertId ?? "");
  return `${document} ${row.id} ${at} ${rest.at(-1)}`;
}

/** Devices that fit, each for one plant. */
function choose(random: Random, world: World): readonly (readonly [Plant, DeviceRow])[] {
  const rows = random.shuffle([...world.values()]);
  return random.shuffle(PLANTS).map((each) => {
    const index = rows.findIndex((row) => each.fits?.(row) ?? true);
    return [each, rows.splice(index, 1)[0] as DeviceRow];
  });
}

it.each([1, 2, 3])(
  `of ${DEVICES} devices exactly the planted differences are found, and lags told from them (seed %i)`,
  async (seed) => {
    const random = randomOf(seed);
    const [oldWorld, newWorld] = [worldOf(DEVICES), worldOf(DEVICES)];
    const chosen = choose(random, oldWorld);
    const planted = chosen.map(([each, row]) => plant(each, row, newWorld));
    const untouched = [...oldWorld.values()].filter((row) => chosen.every(([, each]) => each.id !== row.id));
    const [lost, ...late] = random.shuffle(untouched).slice(0, 8) as [DeviceRow, ...DeviceRow[]];
    newWorld.delete(lost.id);
    planted.push(`device ${lost.id}  missing_new`, `alerts ${lost.id}  missing_new`);
    for (const { id } of late) alter(newWorld, id, { model: "Corvo 7" });

    const path = join(folder, "parity.yaml");
    writeFileSync(path, PARITY_YAML);
    const urls = { old: "http://old.example", new: "http://new.example" };
    const loaded = loadParity({ path, env: {}, urls, only: [], nowMs: 0 });
    let nowMs = Date.parse("2026-11-23T12:00:00Z");
    const deps = {
      now: () => nowMs,
      sleep: async (ms: number) => {
        nowMs += ms;
        // The old side's next batch.
        if (ms === loaded.settings.askAgain.after) for (const { id } of late) alter(oldWorld, id, { model: "Corvo 7" });
      },
      random: random.next,
    };
    const isBusy = () => random.chance(0.02);
    const sides = {
      old: new Side(loaded.sides.old, { ...deps, fetch: sideInMemory("old", oldWorld, isBusy) }),
      new: new Side(loaded.sides.new, { ...deps, fetch: sideInMemory("new", newWorld, isBusy) }),
    };
    const run = new Run(loaded, newState({ print: "", salt: "s", nowMs }), {
      options: { sample: undefined, ids: [], untilCleanMs: undefined, atMostMs: undefined },
      deps: {
        ...{ ...deps, sides, stopped: new AbortController().signal },
        ...{ onProgress: () => {}, onRound: () => {}, save: async () => {} },
      },
    });
    expect(await run.run()).toBe("done");
    const found = run.ledger.open().map(({ document, id, at, kind }) => `${document} ${id} ${at} ${kind}`);
    expect(found.sort()).toEqual(planted.sort());
    const lagging = run.ledger.closed().map(({ id, at, state }) => `${id} ${at} ${state}`);
    expect(lagging.sort()).toEqual(late.map(({ id }) => `${id} model lagging`).sort());
    expect(run.ledger.differences()).toHaveLength(planted.length);
  },
  30 * DEVICES + 30_000,
);
