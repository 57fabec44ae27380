import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "../local/clients.ts";
import { readOptions } from "../local/options.ts";
import { startStack } from "../local/stack.ts";
import { fuzz } from "../test/support/fuzz.ts";
import { fuzzArchive, fuzzedRecords } from "../test/support/fuzz-archive.ts";
import { T } from "../test/support/rest-proxy.ts";

/** `npm run fuzz -- --requests 10000 --seed 7`: like test/flow/kafka/fuzz.test.ts and test/flow/fuzz-archive.test.ts, but longer. */
const values = readOptions(
  `npm run fuzz -- [--requests 10000] [--seed S]
Near-valid requests and raw bytes against a local stack: its boundary, and a fifth as many its archive.`,
  {
    requests: { type: "string", default: "10000" },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
  },
);
const [requests, seed] = [Number(values.requests), Number(values.seed)];

/** How long the accepted records may take to be applied. */
const SETTLE_MS = 60_000;

console.log(`${requests} requests of seed ${seed}`);
const stack = await startStack();
try {
  const clients = await connect(stack.url);
  // What is asked about later.
  const { accepted: pushed } = await clients.push(T, fuzzedRecords());
  let answered = 0;
  const { statuses, kept: taken } = await fuzz(stack.url, {
    requests,
    seed,
    onAnswer: () => {
      if (++answered % 500 === 0) console.log(`${answered} answered`);
    },
  });
  console.table(statuses);
  const kept = taken + pushed;
  const endsAtMs = Date.now() + SETTLE_MS;
  let outcomes = await clients.outcomes();
  while ((outcomes.inFlight !== 0 || outcomes.accepted !== kept) && Date.now() < endsAtMs) {
    await sleep(250);
    outcomes = await clients.outcomes();
  }
  const { accepted, inFlight, deadLettered } = outcomes;
  console.log(
    `${kept} records were taken by the answers; ${accepted} by the counters, ${inFlight} of them without an outcome, ${deadLettered.total} dead letters`,
  );
  if (accepted !== kept || inFlight !== 0) throw new Error(`records were lost or made up: seed ${seed}`);
  console.table(await fuzzArchive(stack.url, { requests: Math.ceil(requests / 5), seed, isOwn: true }));
} catch (thrown) {
  console.error(thrown);
  process.exitCode = 1;
} finally {
  await stack.stop();
}
