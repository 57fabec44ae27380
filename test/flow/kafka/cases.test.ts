import { beforeAll, describe, expect, it, vi } from "vitest";
import { type Clients, connect } from "../../../local/clients.ts";
import type { Stack } from "../../../local/stack.ts";
import { outcomesAtRest } from "../../support/outcomes.ts";
import { type Answer, receiptsOf, recordsKept, send } from "../../support/rest-proxy.ts";
import { sharedStack } from "../../support/shared-stack.ts";
import type { Case } from "./case.ts";
import { METHOD_CASES } from "./cases-methods.ts";
import { SINK_CASES, SINK_EXCUSED } from "./cases-sinks.ts";
import { V2_CASES, V2_EXCUSED } from "./cases-v2.ts";
import { V3_CASES, V3_EXCUSED, V3_STREAMED } from "./cases-v3.ts";

/** Every row of the tables of client behaviour: A and B of v2, C and D of v3, E of sink connectors. */
const ROWS = [
  ..."A1 A2 A3 A4 A5 A6 A7 A8 A9 A11 A12 A13 A14 A15 A16 A18 A19 A20 A21".split(" "),
  ..."B1 B2 B3 B4 B6 B7 B8 B9 B10 B11 B12 B14 B15 B16 B17 B18 B20 B21 B22 B23 B24 B25 B26 B27 B28".split(" "),
  ..."C1 C2 C3 C4 C6 C8 C9 C10 C12 C13 C14 C15 C17 C18 C19 C20 C21 C22 C23 C25 C26 C28 C29 C30 C31 C32 C33 C34 C35 C36".split(
    " ",
  ),
  ..."D1 D2 D3 D4 D5 D6 D7 D9 D10 D11 D13".split(" "),
  ..."E1 E2 E4 E5 E6 E7 E8".split(" "),
];

let stack: Stack;
let clients: Clients;
let kept = 0;
let acceptedBefore = 0;

beforeAll(async () => {
  stack = await sharedStack();
  clients = await connect(stack.url);
  acceptedBefore = (await outcomesAtRest(clients)).accepted;
});

describe.each([
  ["v2 produce", V2_CASES],
  ["v3 records and records:batch", V3_CASES],
  ["sink bodies", SINK_CASES],
  ["methods and paths", METHOD_CASES],
])("%s", (_, cases) => {
  const named = cases.map((each) => [each.id, each.status, each.says, each] as const);
  it.each(named)("case %s is answered with %i: %s", async (_id, _status, _says, expected) => {
    const answer = await send(stack.url, expected.request);
    kept += recordsKept(answer);
    expectAnswer(answer, expected);
  });
});

function expectAnswer(answer: Answer, { status, type, body, receipts, headers = {} }: Case) {
  expect(answer, answer.text.slice(0, 500)).toMatchObject({ status, type });
  if (body !== undefined) expect(JSON.parse(answer.text)).toEqual(body);
  if (receipts !== undefined) expectReceipts(receiptsOf(answer.text), receipts);
  if (status === 204) expect(answer.text).toBe("");
  for (const [name, value] of Object.entries(headers)) expect(answer.headers.get(name), name).toEqual(value);
}

/** Receipts as they are expected, and the offsets of those that succeeded ascending. */
function expectReceipts(receipts: unknown[], expected: readonly unknown[]) {
  expect(receipts).toEqual(expected);
  const offsets = receipts.flatMap((receipt) => (receipt as { offset?: number }).offset ?? []);
  expect(offsets).toEqual([...new Set(offsets)].sort((a, b) => a - b));
}

describe("the cases of the Kafka boundary together", () => {
  it("kept exactly the records that their answers say, and each of these ended in an outcome", async () => {
    await vi.waitFor(
      async () => {
        const { accepted, inFlight } = await clients.outcomes();
        expect({ accepted: accepted - acceptedBefore, inFlight }).toEqual({ accepted: kept, inFlight: 0 });
      },
      { timeout: 15_000, interval: 100 },
    );
  });

  it.each(["a5-0", "a5-1", "a5-2", "a6-0", "a6-1", "c2", "c6", "c8", "c18", "e6-0", "e6-1", "e6-2"])(
    "retired device %s by its tombstone",
    async (deviceId) => {
      expect(
        await clients.query("query Device($key: String!) { device(key: $key) { status } }", { key: `elt:${deviceId}` }),
      ).toEqual({ device: { status: "RETIRED" } });
    },
  );

  it("cover every row of the tables, or say why not", () => {
    const covered = [...V2_CASES, ...V3_CASES, ...SINK_CASES].map(({ id }) => id).filter((id) => /^[A-E]\d+$/.test(id));
    const excused = Object.keys({ ...V2_EXCUSED, ...V3_EXCUSED, ...SINK_EXCUSED });
    expect(covered.filter((id) => excused.includes(id))).toEqual([]);
    expect(new Set([...covered, ...V3_STREAMED, ...excused])).toEqual(new Set(ROWS));
  });
});
