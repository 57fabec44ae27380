import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { atRest } from "../local/at-rest.ts";
import { type Clients, connect, type Outcomes, type Pushed } from "../local/clients.ts";
import { concord } from "../local/concord.ts";
import { type Move, reassign } from "../local/reassign.ts";
import { replay } from "../local/replay.ts";
import { type Progress, percentile, table } from "../local/screen.ts";
import { Report } from "../parity/report/schema.ts";
import { serveApi } from "../samples/legacy/api.ts";
import type { ApiFleet } from "../samples/legacy/api-fleet.ts";
import { LEGACY_PATHS, type Legacy, makeLegacy, writeLegacy } from "../samples/legacy/legacy.ts";
import type { Planted } from "../samples/legacy/plant.ts";
import type { SampleRecord } from "../samples/record.ts";

export type StoryOptions = {
  /** Of a running Concord that has none of the fleet's devices. */
  readonly url: URL;
  /** An empty folder. The unload, the state of the backfill and the reports stay in it. */
  readonly folder: string;
  readonly seed: number;
  readonly devices: number;
  /** In which a change has to be on every screen. */
  readonly freshWithinMs: number;
  readonly say: (text: string) => void;
  readonly bar: (label: string) => Progress;
};

const API_KEY = "da2-story";

/** Live events a second. */
const LIVE_RATE = 20;

/** Of the backfill, in events a second for each device, so that it takes some seconds and live events fall into it. */
const BACKFILL_RATE = 1.5;

/** Moves a fleet from an old system to Concord, and says how. @returns what did not go as it should */
export async function tellStory(options: StoryOptions): Promise<string[]> {
  const legacy = makeLegacy(options);
  const clients = await connect(options.url);
  const clock = { nowMs: legacy.unloadMs };
  const api = await serveApi({ fleet: () => legacy.shownAt(clock.nowMs), apiKey: API_KEY });
  const failures: string[] = [];
  const check = (holds: boolean, otherwise: string) => {
    if (!holds) failures.push(otherwise);
  };
  const stage: Stage = { ...options, legacy, clients, check, apiUrl: api.url };
  try {
    writeLegacy(options.folder, legacy);
    tellOfYesterday(stage);
    await backfillWhileLive(stage);
    clock.nowMs = legacy.caughtUpMs;
    await findPlanted(stage);
    await mend(stage);
    await becomeClean(stage);
    await switchWrites(stage);
  } finally {
    await api.stop();
  }
  return failures;
}

type Stage = StoryOptions & {
  readonly legacy: Legacy;
  readonly clients: Clients;
  readonly check: (holds: boolean, otherwise: string) => void;
  readonly apiUrl: URL;
};

function tellOfYesterday({ legacy, say, check }: Stage): void {
  const [shown, next] = [legacy.shownAt(legacy.unloadMs), legacy.shownAt(legacy.caughtUpMs)];
  const changed = [...next].filter(([key, now]) => JSON.stringify(now) !== JSON.stringify(shown.get(key)));
  say(`\n1. The old system: ${shown.size} devices in a warehouse, with an API like AppSync's over it\n`);
  say(`  It shows the batch of ${new Date(legacy.unloadMs).toISOString()}.`);
  say(`  ${changed.length} devices have changed since. It shows that after later batches.`);
  const kinds = legacy.planted.map(({ kind }) => kind);
  say(`  Between its API and its unload ${kinds.length} differences are planted: ${kinds.join(", ")}.`);
  check(changed.length > 0, "nothing changed after the unload, so the old system has no lag");
}

/** Live events come before, during and after the backfill, and many of them are older than what it brings. */
async function backfillWhileLive(stage: Stage): Promise<void> {
  const { legacy, clients, say, bar, check, devices } = stage;
  const live = legacy.records.filter((record) => isGood(record) && occurredMsOf(record) >= legacy.liveFromMs);
  say(`\n2. A backfill of the unload, while ${live.length} live events of the last days come in\n`);
  const before = await clients.outcomes();
  const half = Math.ceil(live.length / 2);
  const first = await replay(clients, live.slice(0, half), LIVE_RATE, bar("live, before the backfill"));
  const rate = String(Math.ceil(devices * BACKFILL_RATE));
  const running = backfill(stage, { folder: LEGACY_PATHS.csv, mapping: LEGACY_PATHS.mapping, more: ["--rate", rate] });
  let isRunning = true;
  const ended = running.finally(() => (isRunning = false));
  await untilMore(clients, before.accepted + first.accepted, () => isRunning);
  let during = 0;
  const draw = bar("live, during the backfill");
  const second = await replay(clients, live.slice(half), LIVE_RATE, (done, total) => {
    if (isRunning) during = done;
    draw(done, total);
  });
  const { tally } = await ended;
  const pushed = {
    accepted: first.accepted + second.accepted + tally.accepted,
    deadLettered: first.deadLettered + second.deadLettered + tally.deadLettered,
  };
  const outcomes = await atRest(clients, before, pushed);
  const fresh = [first, second].flatMap(({ freshnessMs: { cold, warm } }) => [...cold, ...warm]);
  say(
    `\n${table([
      ["rows of the unload", tally.rows],
      ["events of the backfill", tally.accepted],
      ["live events", live.length, `${during} of them while the backfill ran`],
      [
        "superseded",
        outcomes.superseded - before.superseded,
        "older than what was there: nobody had to wait for the other",
      ],
      ["dead-lettered", outcomes.deadLettered.total - before.deadLettered.total],
      ["live, from push to visible", `${percentile(fresh, 0.5).toFixed(0)} ms`, "at p50"],
    ])}`,
  );
  check(during > 0, "no live event came while the backfill ran");
  check(pushed.deadLettered === 0, `${pushed.deadLettered} records were dead-lettered`);
}

const isGood = ({ fault, value }: SampleRecord): boolean => !fault && value !== null;
const occurredMsOf = ({ value }: SampleRecord): number => Date.parse(JSON.parse(value ?? "{}").occurredAt);

/** Waits until more than so many records are accepted, or the backfill has ended without. */
async function untilMore(clients: Clients, accepted: number, isRunning: () => boolean): Promise<void> {
  while (isRunning() && (await clients.outcomes()).accepted <= accepted) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

type Tally = Pushed & { readonly rows: number };
type BackfillOrder = { readonly folder: string; readonly mapping: string; readonly more?: readonly string[] };

/** @throws Error with what the command said, unless all rows are good */
async function backfill(
  { folder: work, url }: Stage,
  { folder, mapping, more = [] }: BackfillOrder,
): Promise<{ readonly tally: Tally; readonly isComplete: boolean }> {
  const at = (name: string) => join(work, name);
  const files = ["--state", at(`${folder}.state.json`), "--faults", at(`${folder}.faults.ndjson`)];
  const args = ["backfill", "run", at(folder), "--mapping", at(mapping), "--url", String(url), "--json"];
  const { code, out, err } = await concord([...args, ...files, ...more]);
  if (code !== 0) throw new Error(`concord backfill of ${folder} ended with ${code}: ${err}${out}`);
  return JSON.parse(out);
}

async function findPlanted(stage: Stage): Promise<void> {
  const { legacy, say, check } = stage;
  say("\n3. The old system's next batch is through: both are asked for every device, and compared\n");
  const { report } = await parity(stage, { config: LEGACY_PATHS.parity, html: "differences.html" });
  const { items, totals } = report;
  say(
    `  ${totals.compared} values of ${items.compared / 2} devices were compared, and ${items.differ} items differ:\n`,
  );
  say(table(legacy.planted.map(({ kind, key, fields }) => [kind, key, fields.join(", ")])));
  const [found, planted] = [foundIn(report), plantedFields(legacy.planted)];
  check(
    found.join("\n") === planted.join("\n"),
    `parity found\n${found.join("\n")}\nand planted were\n${planted.join("\n")}`,
  );
}

const foundIn = ({ ids }: Report): string[] =>
  [...new Set(ids.flatMap(({ id, fields }) => fields.map((field) => `${id} ${field}`)))].sort();

const plantedFields = (planted: readonly Planted[]): string[] =>
  planted.flatMap(({ deviceId, fields }) => fields.map((field) => `${deviceId} ${field}`)).sort();

type ParityOrder = { readonly config: string; readonly html: string };

async function parity(
  { folder, url, apiUrl, clients }: Stage,
  { config, html }: ParityOrder,
): Promise<{ readonly code: number; readonly report: Report }> {
  const urls = ["--old-url", String(apiUrl), "--new-url", String(new URL("/graphql", url))];
  const args = ["parity", "--config", join(folder, config), "--fresh", "--html", join(folder, html), "--json"];
  const env = { OLD_API_KEY: API_KEY, CONCORD_TOKEN: clients.authorization.slice("Bearer ".length) };
  const { code, out, err } = await concord([...args, ...urls], env);
  if (code !== 0 && code !== 4) throw new Error(`concord parity ended with ${code}: ${err}${out}`);
  return { code, report: Report.parse(JSON.parse(out)) };
}

async function mend(stage: Stage): Promise<void> {
  const { legacy, clients, say } = stage;
  const wrong = legacy.planted.filter((each) => each.wrong === "unload");
  say(`\n4. The ${wrong.length} devices that the unload had wrong are unloaded again, right, and replayed\n`);
  const before: Outcomes = await clients.outcomes();
  const { tally } = await backfill(stage, { folder: LEGACY_PATHS.mended, mapping: LEGACY_PATHS.mendedMapping });
  await atRest(clients, before, tally);
  say(
    `  ${tally.accepted} events of revision 2: they replace those of the first run at the same time, and no live one.`,
  );
}

async function becomeClean(stage: Stage): Promise<void> {
  const { folder, legacy, say, check } = stage;
  const own = legacy.planted.filter(({ wrong }) => wrong === "api");
  say(`\n5. What is left is wrong in the old API itself: ${own.map(({ kind }) => kind).join(", ")}. Rules say so\n`);
  const config = "parity-with-rules.yaml";
  writeFileSync(join(folder, config), `${readFileSync(join(folder, LEGACY_PATHS.parity), "utf8")}${rulesFor(own)}`);
  const { code, report } = await parity(stage, { config, html: "clean.html" });
  const { totals } = report;
  say(
    table([
      ["compared", totals.compared],
      ["the same", totals.match],
      ["ignored by a rule", totals.ignored],
      ["verdict", report.verdict],
    ]),
  );
  check(code === 0 && report.verdict === "clean", `the comparison is not clean: ${foundIn(report).join(", ")}`);
  check(totals.ignored === own.length, `${totals.ignored} differences were ignored, and ${own.length} were meant`);
}

const rulesFor = (planted: readonly Planted[]): string =>
  `ignore:\n${planted
    .flatMap(({ kind, deviceId, fields }) => fields.map((field) => ({ field, ids: [deviceId], reason: kind })))
    .map(
      (rule) =>
        `  - ${JSON.stringify({ ...rule, reason: `the old API has a fault: ${rule.reason}`, until: "2099-12-31" })}\n`,
    )
    .join("")}`;

/** The sources publish to Concord alone, and the old system stays as it was. */
async function switchWrites({ legacy, clients, url, freshWithinMs, say, check }: Stage): Promise<void> {
  const fleet = legacy.shownAt(legacy.caughtUpMs);
  const move = chooseMove(fleet, legacy.planted);
  say("\n6. Writes are switched, and a technician gives a device to another dealer\n");
  const shown = await reassign(url, clients, move);
  say(table(shown.map(({ screen, kind, afterMs }) => [screen, `${afterMs.toFixed(0)} ms`, kind])));
  const query = "query ($key: String!) { device(key: $key) { dealer { dealerId name } } }";
  const { device } = await clients.query<{ device: { dealer: { name: string } } }>(query, { key: move.key });
  say(`\n  Concord:        ${move.key} is with ${device.dealer.name}`);
  say(`  the old system: ${move.key} is with ${fleet.get(move.key)?.device.dealerName}`);
  check(shown.map(({ kind }) => kind).join() === "LOST,DEVICE_LOST,DEVICE_GAINED", "the screens showed something else");
  const slowest = Math.max(...shown.map(({ afterMs }) => afterMs));
  check(slowest < freshWithinMs, `a screen was ${slowest.toFixed(0)} ms late, and ${freshWithinMs} are allowed`);
  check(device.dealer.name === move.to.name, `the device is with ${device.dealer.name}`);
}

/** A device that has a dealer, and another dealer of the same source. */
function chooseMove(fleet: ApiFleet, planted: readonly Planted[]): Move {
  const busy = new Set(planted.map(({ key }) => key));
  const held = [...fleet].flatMap(
    ([
      key,
      {
        device: { source, dealer },
      },
    ]) => (dealer && !busy.has(key) ? [{ key, source, dealer: { dealerId: dealer.dealerId, name: dealer.name } }] : []),
  );
  for (const { key, source, dealer } of held) {
    const other = held.find((each) => each.source === source && each.dealer.dealerId !== dealer.dealerId);
    if (other) return { key, from: dealer, to: other.dealer };
  }
  throw new Error("All devices of each source have one dealer: the fleet is too small");
}
