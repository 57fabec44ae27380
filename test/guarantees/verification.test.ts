import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { randomOf } from "../../samples/random.ts";
import type { JobDeps } from "../../workers/archive/jobs/job-kind.ts";
import { readResults } from "../../workers/archive/jobs/verification/results.ts";
import { verification } from "../../workers/archive/jobs/verification.ts";
import { drain } from "../simulation/archived.ts";
import { emptyTables } from "../workers/seeds.ts";
import { Platform } from "./platform.ts";
import { logNothing } from "./quiet.ts";
import { report, story } from "./records.ts";
import { ARCHIVE, DB, DEVICES, r2With } from "./stores.ts";

// What is stored against what was archived. mutants.ts has changes of the code that make this fail.
logNothing();

it("G21: what is stored is the fold of the archive, and where it is not, a comparison finds it while events flow", async () => {
  await emptyTables();
  await drain(ARCHIVE);
  const platform = new Platform();
  await platform.push(["g21-a", "g21-b"].flatMap((device, i) => story(randomOf(40 + i), device, 30)));
  for (let i = 0; i < 4; i++) await platform.deliver("events", { size: 2, acksLost: i % 2 === 0 });
  await platform.rest();

  // Merged behind the fold, and archived only after R2 is back.
  const meanwhile = async () => {
    let isRefused = true;
    platform.archive = r2With({
      before: () => {
        if (isRefused) throw new Error("put: Unspecified error (0)");
      },
    });
    await platform.push([...story(randomOf(42), "g21-a", 10), report("g21-new", 1)]);
    await platform.deliver("events");
    isRefused = false;
  };
  expect(await differences(meanwhile, () => platform.rest())).toEqual([]);

  await DB.exec("DELETE FROM devices WHERE key = 'elt:g21-b'");
  await DB.exec(
    "UPDATE devices SET aspects = json_set(aspects, '$.status.value.humidityPct', 99) WHERE key = 'elt:g21-new'",
  );
  await DB.exec("UPDATE devices SET status = 'RETIRED' WHERE key = 'elt:g21-a'");
  const more = async () => {
    await platform.push(story(randomOf(43), "g21-c", 10));
    await platform.deliver("events");
  };
  expect(await differences(more, () => platform.rest())).toEqual([
    expect.stringMatching(/^elt:g21-a columns\.status derived$/),
    expect.stringMatching(/^elt:g21-b \* missing$/),
    expect.stringMatching(/^elt:g21-new aspects\.status\.humidityPct sameVersion$/),
  ]);
});

/** What one run finds; `during` happens when the archive has been folded, `before` the rounds in which it waits. */
const differences = (during: () => Promise<void>, before: () => Promise<void>): Promise<string[]> =>
  runInDurableObject(DEVICES.getByName("elt:g21-job"), async (_, { storage }) => {
    // It begins at R2's own time, and does not wait for rounds.
    let nowMs = Date.now() - 600_000;
    const deps = (): JobDeps => {
      nowMs += 600_000;
      const stores = { bucket: ARCHIVE, db: DB, objects: { devices: DEVICES }, objectWrites: "always", storage };
      return { ...stores, nowMs } as unknown as JobDeps;
    };
    let state = await verification.begin({ buckets: "all" }, deps());
    let hasHappened = false;
    for (let isDone = false, last = ""; !isDone; ) {
      if (last === "fold" && state.phase === "gather") {
        hasHappened = true;
        await during();
      }
      if (last !== "wait" && state.phase === "wait" && state.round === 0) await before();
      last = state.phase;
      ({ state, isDone } = await verification.step(state, deps()));
    }
    expect(hasHappened).toBe(true);
    const { differences: found } = await readResults(storage, {});
    return found
      .filter(({ place }) => !place.endsWith("Count"))
      .map(({ subject, path, cause }) => `${subject} ${path} ${cause}`)
      .toSorted();
  });
