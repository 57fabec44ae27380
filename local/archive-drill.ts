import type { D1Database } from "@cloudflare/workers-types";
import { generate } from "../samples/generate.ts";
import { foldOracle } from "../samples/oracle.ts";
import type { SampleRecord } from "../samples/record.ts";
import { atRest, NO_OUTCOMES } from "./at-rest.ts";
import { connect } from "./clients.ts";
import { compareThroughGraphql } from "./compare.ts";
import { concord } from "./concord.ts";
import { copyDatabase, restoreDatabase } from "./database-copy.ts";
import { busiestDevice, until } from "./drills.ts";
import { createLiveClient, LiveSubscription } from "./live-client.ts";
import type { Stack } from "./stack.ts";
import { compareStores } from "./stores.ts";

export type ArchiveDrillResult = {
  /** Devices that were wrong after the loss: with none, the drill would show nothing. */
  readonly wrongAfterLoss: number;
  /** Differences from the fold of all events, and between D1 and objects, once the archive was replayed. */
  readonly wrongInTheEnd: number;
  /** What `concord rebuild --into D1 --compare` ended with afterwards: 0 if the live state equals the archive. */
  readonly comparison: number;
  /** Revisions that the subscriber got, in their order. */
  readonly revisions: readonly number[];
};

/** The state of D1 after its loss: as migrations make it, or as Time Travel has it from half of the events. */
export type Loss = "empty" | "an earlier state";

const CHANGED = "subscription ($key: String!) { deviceChanged(key: $key) { kind revision } }";
const BECAUSE = "the drill has lost D1";

/**
 * Loses D1 while a subscriber listens, replays the archive into it with `concord rebuild` while more events arrive, and
 * compares, as docs/operations.md has operators do.
 * @param stack of its own: the counts of its metrics are compared, and nobody else may have pushed anything
 */
export async function archiveDrill(
  stack: Stack,
  say: (line: string) => void,
  { loss, seed = 1, events = 320 }: { readonly loss: Loss; readonly seed?: number; readonly events?: number },
): Promise<ArchiveDrillResult> {
  const clients = await connect(stack.url);
  const { DB } = await stack.worker<{ DB: D1Database }>("concord-ingest").getEnv();
  const records = generate({ seed, devices: Math.ceil(events / 20), events });
  const [first, second, late] = [0, 0.45, 0.85, 1].flatMap((share, i, shares) => {
    const end = shares[i + 1];
    return end === undefined ? [] : [records.slice(Math.round(share * events), Math.round(end * events))];
  }) as [SampleRecord[], SampleRecord[], SampleRecord[]];
  const pushed = { accepted: 0, deadLettered: 0 };
  const push = async (some: readonly SampleRecord[]) => {
    for (const group of Map.groupBy(some, ({ topic, fault }) => `${topic} ${fault?.reason}`).values()) {
      const { accepted, deadLettered } = await clients.push(group[0]?.topic ?? "", group);
      pushed.accepted += accepted;
      pushed.deadLettered += deadLettered;
    }
  };
  const rest = () => atRest(clients, NO_OUTCOMES, pushed);

  const empty = await copyDatabase(DB);
  say(`1. ${first.length + second.length} records are pushed and archived`);
  await push(first);
  await rest();
  const copy = loss === "empty" ? empty : await copyDatabase(DB);
  await push(second);
  await rest();

  const key = busiestDevice(first, late);
  const client = createLiveClient(stack.url, { target: { device: key } });
  const subscription = new LiveSubscription(client, CHANGED, { key });
  await until("The subscriber got no snapshot", () => subscription.items.length > 0);
  await restoreDatabase(DB, copy);
  const silent = () => {};
  const oracle = foldOracle(records);
  const afterLoss = await compareThroughGraphql(clients, oracle, silent);
  say(`2. D1 is lost (${loss}) while somebody subscribes to ${key}: ${afterLoss.length} differences from the fold`);

  say(`3. concord rebuild --from archive --into live, while ${late.length} more records arrive`);
  const rebuilding = rebuild(stack.url, ["--into", "live", "--because", BECAUSE, "--yes"]);
  await push(late);
  const rebuilt = await rebuilding;
  if (rebuilt.code !== 0) throw new Error(`concord rebuild ended with ${rebuilt.code}: ${rebuilt.err}${rebuilt.out}`);
  await rest();

  const shown = await compareThroughGraphql(clients, oracle, silent);
  const stored = await compareStores(stack, silent);
  say(`4. ${shown.length + stored.length} differences from the fold of all events, by an oracle of its own`);
  const compared = await rebuild(stack.url, ["--into", "D1", "--compare"]);
  say(`5. concord rebuild --into D1 --compare: ${compared.code === 0 ? "equal" : `${compared.err}${compared.out}`}`);
  await client.dispose();
  const revisions = subscription.items.map(({ revision }) => revision as number);
  say(`6. The subscriber got ${revisions.length} revisions`);
  return {
    wrongAfterLoss: afterLoss.length,
    wrongInTheEnd: shown.length + stored.length,
    comparison: compared.code,
    revisions,
  };
}

const rebuild = (url: URL, args: readonly string[]) =>
  concord(["rebuild", "--from", "archive", ...args], { CONCORD_URL: url.href });
