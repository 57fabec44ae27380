import { readFileSync, writeFileSync } from "node:fs";
import { MONTHLY } from "../bench/prices.ts";
import { checksOf } from "../capacity/checks.ts";
import { dollarsOf, forgettingOf, nightOf, rebuildOf, rowsOfObjects } from "../capacity/jobs.ts";
import { LIMITS, LIMITS_AS_OF, type Limit } from "../capacity/limits.ts";
import { MEASURED } from "../capacity/measured.ts";
import { type Plan, planWith } from "../capacity/plan.ts";
import { ALERT_FACTOR, moneyOf, percentOf, reportOn, shortOf, textOf } from "../capacity/report.ts";
import { costOfHub, costOfSockets, mergesOf, type ScreenCost } from "../capacity/screen.ts";

/**
 * Writes the tables of docs/scale.md and docs/operations.md that the capacity model prints, between the lines
 * `<!-- capacity: name -->` and `<!-- /capacity -->`. With `--check` it writes nothing, and fails if a table is out of
 * date, or names a block that does not exist.
 */
const FILES = ["docs/scale.md", "docs/operations.md"];

const FLEETS = [10_000, 1_000_000, 10_000_000];
const WRITES = ["always", "live"] as const;
const plans: readonly Plan[] = FLEETS.flatMap((devices) =>
  WRITES.map((objectWrites) => planWith({ devices, objectWrites })),
);

/** A month of the archive. */
const JOBS_DAYS = 30;

/** Fifty devices, eight hours a day, with a new token every hour. */
const SCREEN = {
  ...{ devices: 50, eventsPerDeviceDay: planWith().eventsPerDeviceDay, recordsPerBatch: planWith().recordsPerRequest },
  ...{ hoursADay: 8, connectsADay: 8 },
};

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

const BLOCKS: Readonly<Record<string, () => string>> = {
  fleets: () =>
    table(
      ["devices", "objects", "records a second, at peak", "D1 size", "D1 time", "consumers", "databases", "a month"],
      plans.map((plan) => {
        const { load, checks, bill } = reportOn(plan, MEASURED);
        const used = (id: string) => percentOf(checks.find((check) => check.id === id)?.utilisation ?? 0);
        const needed = checks.filter(({ id }) => id === "d1.size" || id === "d1.writes").map((check) => check.needed);
        return [
          shortOf(plan.devices),
          plan.objectWrites,
          shortOf(load.peakRecords),
          used("d1.size"),
          used("d1.writes"),
          used("consumers"),
          String(Math.max(...needed)),
          `$${moneyOf(bill.dollarsAMonth)}`,
        ];
      }),
    ),
  ends: () => {
    const [always, live] = WRITES.map((objectWrites) => checksOf(planWith({ objectWrites }), MEASURED));
    const endOf = (devices: number | null | undefined) => (devices == null ? "never" : shortOf(devices));
    const rows = (always ?? []).toSorted((a, b) => (a.endsAtDevices ?? Infinity) - (b.endsAtDevices ?? Infinity));
    return table(
      ["what ends", "at so many devices, `always`", "`live`", "the way past it"],
      rows.map(({ id, name, endsAtDevices, wayPast }) => [
        name,
        endOf(endsAtDevices),
        endOf(live?.find((check) => check.id === id)?.endsAtDevices),
        wayPast,
      ]),
    );
  },
  screen: () => {
    const rows = FLEETS.flatMap((fleet) =>
      [1, 20, LIMITS.socketsPerHub.value].map((screensOfHub) => {
        const screen = { ...SCREEN, fleet, screensOfHub };
        const [sockets, hub] = [costOfSockets(screen), costOfHub(screen)];
        const withMerges = ({ objectRequests }: ScreenCost) => objectRequests + mergesOf(screen);
        return [
          shortOf(fleet),
          shortOf(screensOfHub),
          shortOf(withMerges(sockets)),
          shortOf(withMerges(hub)),
          (withMerges(hub) / withMerges(sockets)).toFixed(2),
          `$${sockets.dollars.toFixed(2)}`,
          `$${hub.dollars.toFixed(2)}`,
        ];
      }),
    );
    return table(
      [
        "devices of the fleet",
        "screens of the hub",
        "object requests by fifty sockets",
        "by one",
        "ratio",
        "a month by fifty sockets",
        "by one",
      ],
      rows,
    );
  },
  rowid: () => {
    const endWith = (d1BytesPerDevice: number) =>
      checksOf(planWith(), { ...MEASURED, d1BytesPerDevice }).find(({ id }) => id === "d1.size")?.endsAtDevices ?? 0;
    return table(
      ["table `devices`", "bytes of a row", "bytes of a device, with indexes", "one D1 holds"],
      [
        ["`WITHOUT ROWID`, as it is", MEASURED.d1BytesPerDevice],
        ["with a rowid", MEASURED.d1BytesPerDeviceWithRowid],
      ].map(([name, bytes]) => [
        String(name),
        String(MEASURED.d1RowBytesOfDevice),
        String(bytes),
        `${shortOf(endWith(Number(bytes)))} devices`,
      ]),
    );
  },
  measured: () =>
    table(
      ["what", "bytes"],
      [
        ["a device in D1, with its share of the indexes", MEASURED.d1BytesPerDevice],
        ["an assignment to a dealer", MEASURED.d1BytesPerAssignment],
        ["what a device is found by, with its full-text index", MEASURED.d1BytesPerDeviceSearch],
        ["a customer", MEASURED.d1BytesPerCustomer],
        ["an alert", MEASURED.d1BytesPerAlert],
        ["a record in a message, beside its value", MEASURED.queueBytesPerRecord],
        ["a record in the archive, in the file of its day", MEASURED.archiveDayBytesPerRecord],
        ["the same before compaction, in an object of a hundred", MEASURED.archiveRawBytesPerRecord],
        ["and in an object of its own", MEASURED.archiveRawBytesAlone],
        ["an object's value with a full history, beside the 12 KB of an empty database", MEASURED.objectBytesFull],
      ].map((row) => row.map(String)),
    ),
  archive: () =>
    table(
      [
        "records an object",
        "objects of a million events",
        "dollars to write them",
        "to compact them",
        "bytes a record",
      ],
      [1, 10, 100, 1_000].map((records) => {
        const beside = MEASURED.archiveRawBytesAlone - MEASURED.archiveRawBytesPerRecord;
        return [
          shortOf(records),
          shortOf(1e6 / records),
          `$${(MONTHLY.bucketWrites / records).toFixed(4)}`,
          `$${(MONTHLY.bucketReads / records).toFixed(4)}`,
          String(Math.round(MEASURED.archiveRawBytesPerRecord + beside / records)),
        ];
      }),
    ),
  jobs: () =>
    table(
      [
        "devices",
        "job",
        "D1 rows read",
        "D1 rows written",
        "R2 reads",
        "R2 writes",
        "rows of objects",
        "steps",
        "dollars",
      ],
      FLEETS.flatMap((devices) => {
        const plan = planWith({ devices, archiveDays: JOBS_DAYS });
        return Object.entries({
          "a night's verification": nightOf,
          "a rebuild": rebuildOf,
          "a forgetting": forgettingOf,
        }).map(([job, of]) => {
          const use = of(plan);
          const { d1RowsRead, d1RowsWritten, bucketReads, bucketWrites, steps } = use;
          const counts = [d1RowsRead, d1RowsWritten, bucketReads, bucketWrites, rowsOfObjects(use), steps];
          return [shortOf(devices), job, ...counts.map(shortOf), `$${moneyOf(dollarsOf(use))}`];
        });
      }),
    ),
  limits: () =>
    table(
      [`limit, as of ${LIMITS_AS_OF}`, "whose", "source"],
      Object.values<Limit>(LIMITS).map(({ value, unit, kind, source }) => [
        `${value >= 1_000 ? shortOf(value) : value} ${unit}`,
        kind,
        source.startsWith("developers.") ? `[${source.slice(source.indexOf("/") + 1)}](https://${source})` : source,
      ]),
    ),
  alarms: () =>
    table(
      ["devices", "objects", "rows written a day", "alert at", "messages a day", "dollars a day", "alert at"],
      plans.map((plan) => {
        const { day } = reportOn(plan, MEASURED);
        return [
          shortOf(plan.devices),
          plan.objectWrites,
          shortOf(day.rowsWritten),
          shortOf(day.rowsWritten * ALERT_FACTOR),
          shortOf(day.messages),
          `$${moneyOf(day.dollars)}`,
          `$${moneyOf(day.dollars * ALERT_FACTOR)}`,
        ];
      }),
    ),
  outage: () =>
    table(
      ["devices", "the queue takes everything for", "clients wait from"],
      FLEETS.map((devices) => {
        const { hoursUntilQueueIsFull } = reportOn(planWith({ devices }), MEASURED).load;
        const soft = LIMITS.queueSoftBytes.value / LIMITS.queueBacklogBytes.value;
        return [shortOf(devices), hoursText(hoursUntilQueueIsFull), hoursText(hoursUntilQueueIsFull * soft)];
      }),
    ),
  "a million": () => `\`\`\`text\n${textOf(reportOn(planWith({ devices: 1_000_000 }), MEASURED))}\n\`\`\``,
  "ten million": () => `\`\`\`text\n${textOf(reportOn(planWith({ devices: 10_000_000 }), MEASURED))}\n\`\`\``,
  "ten thousand": () => `\`\`\`text\n${textOf(reportOn(planWith({ devices: 10_000 }), MEASURED))}\n\`\`\``,
};

function hoursText(hours: number): string {
  if (hours < 2) return `${Math.round(hours * 60)} minutes`;
  return hours < 72 ? `${Math.round(hours)} hours` : `${Math.round(hours / 24)} days`;
}

const isCheck = process.argv.includes("--check");
for (const file of FILES) {
  const before = readFileSync(file, "utf8");
  const after = before.replace(
    /(<!-- capacity: ([a-z ]+) -->\n)[\s\S]*?(<!-- \/capacity -->)/g,
    (_, open: string, name: string, close: string) => {
      const block = BLOCKS[name];
      if (!block) throw new Error(`${file} has a block "${name}", which scripts/generate-capacity.ts does not write.`);
      return `${open}${block()}\n${close}`;
    },
  );
  if (after === before) continue;
  if (isCheck) {
    console.error(`${file} is not what the capacity model says: run \`npm run generate\`.`);
    process.exitCode = 1;
  } else writeFileSync(file, after);
}
