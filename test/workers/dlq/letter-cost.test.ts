import { beforeEach, expect, it } from "vitest";
import { HOUR_MS } from "#domain/time.ts";
import { DeadLetterRepository } from "#letters/repositories/dead-letter.ts";
import { emptyOps, env, FAILED_MS, letter, settlement } from "./support.ts";

// These are the numbers of docs/decisions/0008-the-dead-letter-desk.md. This prints them:
// npx vitest run --project dlq letter-cost --silent=false

/** Rows that D1 wrote, in tables and in indexes, as it bills them. */
let rows = 0;
const letters = new DeadLetterRepository({
  prepare: (sql: string) => env.DB.prepare(sql),
  batch: async <T>(statements: D1PreparedStatement[]) => {
    const answers = await env.DB.batch<T>(statements);
    for (const { meta } of answers) rows += meta.rows_written;
    return answers;
  },
} as unknown as D1Database);

beforeEach(emptyOps);

const MANY = 100;
const LATER_MS = FAILED_MS + 10_000;

async function rowsFor(act: () => Promise<void>): Promise<number> {
  rows = 0;
  await act();
  return rows;
}

/** Rows written per letter: one of a hundred letters of an existing group, unless said otherwise. */
async function measure() {
  const some = (failedAtMs: number) =>
    Array.from({ length: MANY }, (_, i) => letter(`l-${i}`, { failedAtMs: failedAtMs + i }));
  const batch = some(FAILED_MS + 1_000);
  const settled = batch.map(({ id }) => settlement(id, { settledAtMs: LATER_MS + 1_000 }));
  const nextHour = letter("of the next hour", { failedAtMs: FAILED_MS + HOUR_MS });
  return {
    "first letter of a group": await rowsFor(() => letters.park([letter("first")])),
    letter: (await rowsFor(() => letters.park(batch))) / MANY,
    "first letter of a group in an hour": await rowsFor(() => letters.park([nextHour])),
    "letter that is delivered again": await rowsFor(() => letters.park(batch)),
    "letter that fails again": (await rowsFor(() => letters.park(some(LATER_MS)))) / MANY,
    settlement: (await rowsFor(() => letters.settle(settled))) / MANY,
    "settlement that is delivered again": await rowsFor(() => letters.settle(settled)),
  };
}

/** The triggers of sums and trends, and the indexes that list groups by topic and by reason. */
const OF_0006_AND_0007 = [
  "letter_group_counted",
  "dead_letter_failed",
  "dead_letter_failed_again",
  "letter_group_hour_added",
  "letter_groups_by_topic",
  "letter_groups_by_reason",
];

/** Measures without migrations 0006 and 0007. */
async function measureWithout(): Promise<Awaited<ReturnType<typeof measure>>> {
  const { results } = await env.DB.prepare(
    "SELECT type, name, sql FROM sqlite_master WHERE type IN ('trigger', 'index')",
  ).all<{ type: string; name: string; sql: string }>();
  const parts = results.filter(({ name }) => OF_0006_AND_0007.includes(name));
  expect(parts).toHaveLength(OF_0006_AND_0007.length);
  await env.DB.batch(parts.map(({ type, name }) => env.DB.prepare(`DROP ${type} ${name}`)));
  try {
    await emptyOps();
    return await measure();
  } finally {
    await env.DB.batch(parts.map(({ sql }) => env.DB.prepare(sql)));
  }
}

it("storing a letter writes 14 rows and settling it 13, four of each for the sums, trends and filters of groups", async () => {
  const cost = await measure();
  const without = await measureWithout();
  const lines = Object.entries(cost).map(([of, written]) => {
    const more = written - without[of as keyof typeof without];
    return `${of.padEnd(36)} ${String(written).padStart(3)} rows written, ${more} of them by migrations 0006 and 0007`;
  });
  console.log(lines.join("\n"));
  expect(cost).toEqual({
    "first letter of a group": 22,
    letter: 14,
    "first letter of a group in an hour": 15,
    "letter that is delivered again": 0,
    "letter that fails again": 14,
    settlement: 13,
    "settlement that is delivered again": 0,
  });
  expect(without).toMatchObject({
    "first letter of a group": 14,
    letter: 10,
    "letter that fails again": 9,
    settlement: 9,
  });
});
