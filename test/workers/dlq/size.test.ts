import { beforeAll, describe, expect, it } from "vitest";
import { RETENTION } from "#archive/retention.ts";
import { DAY_MS } from "#domain/time.ts";
import type { Failure } from "#letters/letter.ts";
import { DeadLetterRepository } from "#letters/repositories/dead-letter.ts";
import { LetterGroupRepository } from "#letters/repositories/letter-group.ts";
import { LetterRetention } from "#letters/repositories/letter-retention.ts";
import { counting, emptyOps, env, FAILED_MS, letter, recordNamed, settlement, TOPIC } from "./support.ts";

const letters = new DeadLetterRepository(env.DB);
const retention = new LetterRetention(env.DB);

const LETTERS = 10_000;
const GROUPS = 100;

/** Of ten thousand letters: a hundred groups, five topics, a thousand devices, some of each state. */
beforeAll(async () => {
  await emptyOps();
  const all = Array.from({ length: LETTERS }, (_, i) => {
    const failure: Failure = { reason: "fault", error: { name: `E${i % GROUPS}`, message: "it broke" } };
    const value = `{"eventId":"e${i}","deviceId":"dev-${i % 1_000}","occurredAt":"2026-11-23T12:00:00Z","data":{}}`;
    const topic = i % 5 === 0 ? "device.elt.status.reported" : TOPIC;
    return letter(`l${i}`, { record: recordNamed(`e${i}`, { topic, value }), failure, failedAtMs: FAILED_MS + i });
  });
  await letters.park(all);
  await letters.settle(
    all.filter((_, i) => i % 3 === 0).map(({ id }) => settlement(id, { settledAtMs: FAILED_MS + 1e6 })),
  );
}, 60_000);

describe("with ten thousand letters", () => {
  it.each<[string, Parameters<DeadLetterRepository["list"]>[0], number]>([
    ["of all", { first: 25 }, 400],
    ["of a state", { first: 25, state: "open" }, 120],
    ["of a topic", { first: 25, topic: "device.elt.status.reported" }, 400],
    ["of a group", { first: 25, groupId: "of the first" }, 400],
    ["of a device", { first: 25, deviceKey: "infinity:dev-1" }, 100],
    ["after another", { first: 25, state: "open", after: { value: FAILED_MS + 5_000, id: "l5000" } }, 120],
  ])("a page %s is read from an index", async (_, filter, most) => {
    const { db, rowsRead } = counting();
    const groupId = filter.groupId && ((await letters.find("l1"))?.groupId as string);
    const page = await new DeadLetterRepository(db).list({ ...filter, ...(groupId && { groupId }) });
    expect(page.letters.length).toBeGreaterThan(0);
    expect(await rowsRead()).toBeLessThan(most);
  });

  it("a page of groups is read from an index, with exact counts", async () => {
    const { db, rowsRead } = counting();
    const groups = await new LetterGroupRepository(db).list({ first: 25 });
    expect(groups).toHaveLength(26);
    expect(await rowsRead()).toBeLessThan(100);
    const { results } = await env.DB.prepare(
      "SELECT group_id, sum(state = 'open') AS open, sum(state = 'resolved') AS resolved FROM dead_letters GROUP BY 1",
    ).all<{ group_id: string; open: number; resolved: number }>();
    expect(results).toHaveLength(GROUPS);
    for (const { group_id, open, resolved } of results) {
      expect(await new LetterGroupRepository(env.DB).find(group_id)).toMatchObject({
        open,
        resolved,
        letters: LETTERS / GROUPS,
      });
    }
  });

  it("closed letters lose their value and are then deleted when their retention ends, and waiting ones are kept", async () => {
    const open = await letters.idsWhere({ state: "open" }, LETTERS);
    const later = FAILED_MS + 1e6 + RETENTION.every.letterValueDays * DAY_MS + 1;
    let emptied = 0;
    for (let swept = 1; swept > 0; ) {
      swept = (await retention.sweep(later)).emptied;
      emptied += swept;
    }
    expect(emptied).toBe(LETTERS - open.length);
    expect(await letters.find("l0")).toMatchObject({
      state: "resolved",
      record: { value: null, topic: expect.any(String) },
    });
    expect(await letters.claim(["l0"], { runId: "r", nowMs: later, force: true })).toEqual([]);
    for (let swept = 1; swept > 0; ) swept = (await retention.sweep(later + 200 * DAY_MS)).deleted;
    expect(await letters.find("l0")).toBeNull();
    expect(await letters.idsWhere({}, LETTERS)).toEqual(open);
  }, 60_000);
});

it("a topic whose letters are kept for less time loses its own alone", async () => {
  await emptyOps();
  const topics = [TOPIC, "device.elt.status.reported"];
  const all = topics.map((topic, i) => letter(`t${i}`, { record: recordNamed(`t${i}`, { topic, value: "{}" }) }));
  await letters.park(all);
  await letters.settle(all.map(({ id }) => settlement(id, { settledAtMs: FAILED_MS })));
  const table = { ...RETENTION, topics: { "device.elt.status.reported": { letterValueDays: 2, letterDays: 5 } } };
  const shorter = new LetterRetention(env.DB, table);
  const isEmptied = async (id: string) => (await letters.find(id))?.record.value === null;
  expect(await shorter.sweep(FAILED_MS + 2 * DAY_MS)).toEqual({ emptied: 0, deleted: 0 });
  expect(await shorter.sweep(FAILED_MS + 3 * DAY_MS)).toEqual({ emptied: 1, deleted: 0 });
  expect([await isEmptied("t0"), await isEmptied("t1")]).toEqual([false, true]);
  expect(await shorter.sweep(FAILED_MS + 6 * DAY_MS)).toEqual({ emptied: 0, deleted: 1 });
  expect([(await letters.find("t0"))?.id, await letters.find("t1")]).toEqual(["t0", null]);
});

it("a group with too many letters keeps the values of its first and last ones, and counts all", async () => {
  await emptyOps();
  const many = RETENTION.letterValuesAGroup + 30;
  const chunk = 2_000;
  for (let at = 0; at < many; at += chunk) {
    const size = Math.min(chunk, many - at);
    await letters.park(
      Array.from({ length: size }, (_, i) =>
        letter(`c${String(at + i).padStart(6, "0")}`, { failedAtMs: FAILED_MS + at + i }),
      ),
    );
  }
  expect(await retention.sweep(FAILED_MS + many)).toEqual({ emptied: 30, deleted: 0 });
  expect(await retention.sweep(FAILED_MS + many)).toEqual({ emptied: 0, deleted: 0 });
  const { results } = await env.DB.prepare(
    "SELECT id FROM dead_letters WHERE emptied_at_ms IS NOT NULL ORDER BY id",
  ).all<{ id: string }>();
  const half = RETENTION.letterValuesAGroup / 2;
  expect(results.map(({ id }) => Number(id.slice(1)))).toEqual(Array.from({ length: 30 }, (_, i) => half + i));
  expect((await new LetterGroupRepository(env.DB).list({ first: 1 }))[0]).toMatchObject({ letters: many, open: many });
}, 120_000);
