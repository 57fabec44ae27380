import { expect, it } from "vitest";
import { randomOf } from "../../samples/random.ts";
import { drain, linesOf } from "../simulation/archived.ts";
import { Platform } from "./platform.ts";
import { logNothing } from "./quiet.ts";
import { bad, report, story } from "./records.ts";
import { lettersWith } from "./state.ts";
import { ARCHIVE, DB, d1With, fails, isOut, r2With, refuses } from "./stores.ts";

// What is kept of everything that was settled. mutants.ts has changes of the code that make this fail.
logNothing();

it("G20: the archive holds each accepted record exactly once, as it came, before the queue lets go of it", async () => {
  await drain(ARCHIVE);
  const platform = new Platform();
  platform.db = d1With({ before: refuses("g20-poison") });
  const records = ["g20-a", "g20-b"].flatMap((device, i) => story(randomOf(20 + i), device, 30));
  const poison = report("g20-poison", 1);
  const refused = bad("g20-bad", 1);
  await platform.push([...records, poison, refused]);
  await platform.send("/topics/device.elt.status.reported", BINARY, binary(ODD_KEY, report("g20-odd", 2).value));
  await platform.send(
    "/topics/device.elt.registration.created",
    JSON_V2,
    '{"records":[{"key":"g20-gone","value":null}]}',
  );

  // R2 is out, and says what it says; then it takes objects, whose batches come again.
  platform.archive = r2With({ before: fails("put: Unspecified error (0)") });
  for (let minute = 0; minute < 12; minute++) {
    await platform.deliver("events", { size: 1 + (minute % 3) });
    platform.broker.advance(900);
  }
  expect([await stored(), await lettersWith("g20-poison")]).toEqual([[], []]);
  let calls = 0;
  platform.archive = r2With({ after: () => ++calls % 3 > 0 && fails("Network connection lost.")() });
  await platform.deliver("events", { size: 2, acksLost: true });
  platform.db = d1With({ before: isOut });
  await platform.deliver("events", { size: 3 });
  platform.broker.advance(900);
  platform.db = d1With({ before: refuses("g20-poison") });
  for (let i = 0; i < 6; i++) await platform.deliver("events", { size: 1 + (i % 4), acksLost: i % 2 === 0 });
  for (let i = 0; i < 5; i++) platform.broker.repeat("events", i);
  platform.archive = ARCHIVE;
  await platform.rest();

  const first = await stored();
  const accepted = [...records, poison].map(({ key, value }) => [key, value]);
  const odd = [ODD_KEY, report("g20-odd", 2).value];
  expect(byText(first.map(({ key, value }) => [key, value]))).toEqual(byText([...accepted, odd, ["g20-gone", null]]));
  const poisoned = ({ value }: { value: string | null }) => value === poison.value;
  expect(first.filter(({ outcome }) => outcome === "deadLettered")).toEqual(first.filter(poisoned));

  // A letter that is replayed is accepted again.
  platform.db = DB;
  const [letter] = await lettersWith("g20-poison");
  await platform.replay(letter?.id);
  await platform.rest();
  const again = (await stored()).filter(({ receipt }) => !first.some((one) => one.receipt === receipt));
  expect(again).toMatchObject([{ value: poison.value, outcome: "applied", letterId: letter?.id }]);
});

const JSON_V2 = "application/vnd.kafka.json.v2+json";
const BINARY = "application/vnd.kafka.binary.v2+json";
/** Bytes that are not UTF-8. */
const ODD_KEY = "/w==";
const binary = (key: string, value: string | null) => JSON.stringify({ records: [{ key, value: btoa(value ?? "") }] });

const byText = (list: readonly unknown[]): string[] => list.map((each) => JSON.stringify(each)).toSorted();

/** The archived records, each once, by its receipt; of copies one that was merged, if there is one. */
async function stored() {
  const { objects } = await ARCHIVE.list({ prefix: "events/" });
  const byReceipt = new Map<string, Awaited<ReturnType<typeof linesIn>>[number]>();
  for (const { key } of objects)
    for (const line of await linesIn(key)) {
      const known = byReceipt.get(line.receipt);
      if (!known || known.outcome === "deadLettered") byReceipt.set(line.receipt, line);
    }
  return [...byReceipt.values()];
}

const linesIn = async (key: string) => linesOf(await ((await ARCHIVE.get(key)) as R2ObjectBody).arrayBuffer());
