import type { D1Database } from "@cloudflare/workers-types";
import { generate } from "../samples/generate.ts";
import { foldOracle } from "../samples/oracle.ts";
import type { SampleRecord } from "../samples/record.ts";
import { atRest } from "./at-rest.ts";
import { connect } from "./clients.ts";
import { compareThroughGraphql } from "./compare.ts";
import { copyDatabase, restoreDatabase } from "./database-copy.ts";
import { busiestDevice, until } from "./drills.ts";
import { createLiveClient, LiveSubscription } from "./live-client.ts";
import { replay } from "./replay.ts";
import type { Stack } from "./stack.ts";
import { compareStores } from "./stores.ts";

export type DrillResult = {
  /** Devices that were wrong after the restore: with none, the drill would show nothing. */
  readonly wrongAfterRestore: number;
  /** Differences from the fold of all events, and between D1 and objects, once everything was pushed again. */
  readonly wrongInTheEnd: number;
  readonly letters: { readonly expected: number; readonly found: number };
  /** Revisions that the subscriber got, in their order. */
  readonly revisions: readonly number[];
};

const CHANGED = "subscription ($key: String!) { deviceChanged(key: $key) { kind revision } }";

/** Records before the copy that are pushed again too: one begins well before the minute of a restore. */
const OVERLAP = 40;

/**
 * Restores D1 to an earlier state while a subscriber listens, and pushes everything since then again, as
 * docs/operations.md tells operators to.
 * @param stack of its own: the counts of its metrics are compared
 */
export async function restoreDrill(stack: Stack, say: (line: string) => void, seed = 1): Promise<DrillResult> {
  const clients = await connect(stack.url);
  const { DB } = await stack.worker<{ DB: D1Database }>("concord-ingest").getEnv();
  const records = generate({ seed, devices: 16, events: 320 });
  const [before, since] = [records.slice(0, 160), records.slice(160)];
  const silent = () => {};
  const push = async (some: readonly SampleRecord[]) => {
    const outcomes = await clients.outcomes();
    return atRest(clients, outcomes, await replay(clients, some, 200, silent));
  };

  say(`1. ${before.length} records of 16 devices are pushed`);
  await push(before);
  say("2. D1 is copied, as Time Travel has it at every minute");
  const copy = await copyDatabase(DB);

  const key = busiestDevice(before, since);
  const client = createLiveClient(stack.url, { target: { device: key } });
  const subscription = new LiveSubscription(client, CHANGED, { key });
  say(`3. Somebody subscribes to ${key}, and ${since.length} more records are pushed`);
  await until("The subscriber got no snapshot", () => subscription.items.length > 0);
  await push(since);

  const oracle = foldOracle(records);
  await restoreDatabase(DB, copy);
  const afterRestore = await compareThroughGraphql(clients, oracle, silent);
  say(`4. D1 is restored: ${afterRestore.length} differences from the fold of all events`);

  const again = [...before.slice(-OVERLAP), ...since];
  await push(again);
  const shown = await compareThroughGraphql(clients, oracle, silent);
  const stored = await compareStores(stack, silent);
  say(`5. ${again.length} records are pushed again: ${shown.length + stored.length} differences`);

  const letters = await clients.exactLetters();
  const expected = new Set(
    records.filter(({ fault }) => fault).map(({ topic, key, value }) => `${topic} ${key} ${value}`),
  );
  await client.dispose();
  const revisions = subscription.items.map(({ revision }) => revision as number);
  say(
    `6. ${letters.length} dead letters for ${expected.size} bad records; the subscriber got ${revisions.length} revisions`,
  );
  return {
    wrongAfterRestore: afterRestore.length,
    wrongInTheEnd: shown.length + stored.length,
    letters: { expected: expected.size, found: letters.length },
    revisions,
  };
}
