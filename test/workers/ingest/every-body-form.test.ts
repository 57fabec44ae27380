import { env } from "cloudflare:workers";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { beforeEach, expect, it } from "vitest";
import { LANE_HEADER, laneOf } from "#queue/lane.ts";
import type { QueuedRecord } from "#queue/parcel.ts";
import { encode } from "../../../bridge/delivery/encode.ts";
import { eventValue } from "../../support/records.ts";
import { Boundary, JSON_V2 } from "./harness.ts";

/*
 * n in = n accounted: whatever stands between good records, in every form of body and however the records are cut into
 * requests, each good one is accepted and each bad one is a letter with its reason. Nothing is refused, so no sink ever
 * has to send the same again.
 */

const TOPIC = "device.elt.dealer.assigned";
const { DB } = env as unknown as { DB: D1Database };

/** A record as its producer wrote it, and the reason why it cannot be applied. */
type Sent = { readonly bytes: Buffer; readonly reason: string | undefined; readonly key?: Buffer | null };

/** Keys are bytes to Kafka. The last is "devA" as base64, which may be a device. */
const key = fc.constantFrom(
  null,
  ...["dev-1", "dev-ü", "", "{}"].map((text) => Buffer.from(text)),
  ...["ff", "64c3", "ed a0 80", "75ebc0"].map((hex) => Buffer.from(hex.replaceAll(" ", ""), "hex")),
);
const keyed = (of: fc.Arbitrary<Sent>): fc.Arbitrary<Sent> =>
  fc.tuple(of, key).map(([sent, its]) => ({ ...sent, key: its }));
const base64 = (bytes: Buffer | null | undefined): string => JSON.stringify(bytes?.toString("base64") ?? null);

let count = 0;
const good = fc.constant(undefined).map((): Sent => {
  const value = { ...eventValue({ topic: TOPIC }), eventId: `e-${++count}` };
  return { bytes: Buffer.from(JSON.stringify(value)), reason: undefined };
});
const bad = (reason: string, ...texts: (string | Buffer)[]) =>
  fc.constantFrom(...texts).map((text): Sent => ({ bytes: Buffer.from(text), reason }));

/** What contracts refuse; JSON, so that it may stand anywhere. */
const wrongShape = bad("schema_mismatch", "{}", '{"eventId":"x"}', '{"eventId":"ü","data":[1,{"a":null}]}');
const tooDeep = bad(
  "too_deep",
  `{"a":${"[".repeat(33)}${"]".repeat(33)}}`,
  `{"a":${"[".repeat(5_000)}${"]".repeat(5_000)}}`,
);
const tooLarge = bad("too_large", `{"a":"${"x".repeat(70_000)}"}`, `{"a":"${"ü".repeat(300_000)}"}`);
const notUtf8 = bad("not_json", Buffer.from('{"a":"\u00ff\u00fe"}', "latin1"), Buffer.from('{"\u00c3":1}', "latin1"));
/** JSON that needs a line, or a place in a list, to itself. */
const scalar = bad("schema_mismatch", "12", '"text"', "true");
const empty = bad("empty_value", "null");
/** No JSON, and as long as its brackets say. */
const balanced = bad("not_json", "{oops}", '{"a":1,}', "{'a':[1]}");
/** No JSON, and as long as its line. */
const cutOff = bad("not_json", '{"a":', '{"a":"x', "oops", "not JSON at all", "<a/>", Buffer.from([0x7b, 0xff]));
const blank = bad("empty_value", "");

const any = [good, good, wrongShape, tooDeep, tooLarge, notUtf8] as const;
const join = (sent: readonly Sent[], before: string, between: string, after: string): Buffer =>
  Buffer.concat([
    Buffer.from(before),
    ...sent.flatMap(({ bytes }, i) => (i === 0 ? [bytes] : [Buffer.from(between), bytes])),
    Buffer.from(after),
  ]);
const indented = ({ bytes }: Sent): Buffer => Buffer.from(JSON.stringify(JSON.parse(bytes.toString()), null, 2));

type Form = {
  readonly of: fc.Arbitrary<Sent>;
  readonly path: string;
  readonly type: string;
  readonly body: (sent: readonly Sent[]) => Buffer;
  /** A record as this form writes it; as it came unless it says otherwise. */
  readonly written?: (sent: Sent) => Buffer;
  readonly isCompressed?: boolean;
};
const sink = (type: string, of: fc.Arbitrary<Sent>, body: Form["body"]): Form => ({
  of,
  path: `/ingest/${TOPIC}`,
  type,
  body,
});

/** With a place in Kafka, and without the end of a value that is too large to be kept. */
const bridgeRecord = ({ bytes, key = null }: Sent): string =>
  encode({ topic: TOPIC, partition: 77, offset: ++count, timestampMs: 1, key, value: bytes, headers: [] }).text;

/** The members of a v3 record. */
const v3Members = (sent: Sent): Buffer =>
  join(
    [sent],
    `${sent.key ? `"key":{"type":"BINARY","data":${base64(sent.key)}},` : ""}"value":{"type":"JSON","data":`,
    "",
    "}",
  );

/** The beginning of a v2 record: a key as the text that it is, or else as bytes that are no text. */
const v2Key = ({ key }: Sent): Buffer =>
  key ? Buffer.concat([Buffer.from('{"key":"'), key, Buffer.from('",')]) : Buffer.from("{");

const STREAM: Form = {
  // A record over 64 KiB ends a stream, as it does with the proxy.
  of: keyed(fc.oneof(good, good, wrongShape, tooDeep, notUtf8, scalar, empty)),
  path: `/v3/clusters/c/topics/${TOPIC}/records`,
  type: "application/json",
  body: (sent) =>
    join(
      sent.map((each) => ({ ...each, bytes: join([{ ...each, bytes: v3Members(each) }], "{", "", "}") })),
      "",
      "",
      "",
    ),
};

const FORMS: Readonly<Record<string, Form>> = {
  "lines as NDJSON": sink("application/x-ndjson", fc.oneof(...any, scalar, empty, balanced, cutOff, blank), (sent) =>
    join(sent, "", "\n", "\n"),
  ),
  "lines as JSON": sink("application/json", fc.oneof(...any, scalar, empty, balanced, cutOff, blank), (sent) =>
    join(sent, "", "\n", "\n"),
  ),
  "lines as text, ended as on Windows": sink("text/plain", fc.oneof(...any, scalar, empty, balanced, cutOff), (sent) =>
    join(sent, "", "\r\n", "\r\n"),
  ),
  "an array": sink("application/json", fc.oneof(...any, scalar, empty, balanced), (sent) => join(sent, "[", ",", "]")),
  "values with nothing between": sink("application/json", fc.oneof(...any, balanced), (sent) => join(sent, "", "", "")),
  "values with commas between": sink("application/json", fc.oneof(...any, balanced), (sent) => join(sent, "", ",", "")),
  "values over many lines": {
    ...sink("application/json", fc.oneof(good, wrongShape, tooLarge), (sent) =>
      join(
        sent.map((each) => ({ ...each, bytes: indented(each) })),
        "",
        "\n",
        "",
      ),
    ),
    written: indented,
  },
  "a JSON text sequence": sink("application/json-seq", fc.oneof(...any, scalar, cutOff), (sent) =>
    join(sent, "\u001e", "\n\u001e", "\n"),
  ),
  "v2, JSON": {
    of: keyed(fc.oneof(...any, scalar, empty)),
    path: `/topics/${TOPIC}`,
    type: JSON_V2,
    body: (sent) =>
      join(
        sent.map((each) => ({ ...each, bytes: Buffer.concat([v2Key(each), join([each], '"value":', "", "}")]) })),
        '{"records":[',
        ",",
        "]}",
      ),
  },
  "v2, binary": {
    of: keyed(fc.oneof(...any, scalar, balanced, cutOff, blank)),
    path: `/topics/${TOPIC}`,
    type: "application/vnd.kafka.binary.v2+json",
    body: (sent) =>
      Buffer.from(
        `{"records":[${sent.map((each) => `{"key":${base64(each.key)},"value":${base64(each.bytes)}}`).join()}]}`,
      ),
  },
  "v2, binary, as the bridge writes it": {
    of: keyed(fc.oneof(...any, scalar, balanced, cutOff, blank)),
    path: `/topics/${TOPIC}`,
    type: "application/vnd.kafka.binary.v2+json",
    body: (sent) => Buffer.from(`{"records":[${sent.map(bridgeRecord).join()}]}`),
    isCompressed: true,
  },
  "v3, a batch": {
    of: keyed(fc.oneof(...any, scalar, empty)),
    path: `/v3/clusters/c/topics/${TOPIC}/records:batch`,
    type: "application/json",
    body: (sent) =>
      join(
        sent.map((each, i) => ({
          ...each,
          bytes: join([{ ...each, bytes: v3Members(each) }], `{"id":"${i}",`, "", "}"),
        })),
        '{"entries":[',
        ",",
        "]}",
      ),
  },
  "v3, a stream": STREAM,
  "v3, a compressed stream": { ...STREAM, isCompressed: true },
};

let boundary: Boundary;
beforeEach(() => {
  boundary = new Boundary();
});

it.each(Object.entries(FORMS))(
  "%s: a bad record does not fail its request, but is a letter with its reason, and the others are accepted",
  async (_, form) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(form.of, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 3 }),
        fc.boolean(),
        async (requests, isBackfill) => {
          boundary = new Boundary();
          await DB.exec("DELETE FROM dead_letters");
          for (const sent of requests) {
            const body = form.body(sent);
            const answer = await boundary.post({
              path: form.path,
              type: form.type,
              body: form.isCompressed ? gzipSync(body) : body,
              headers: {
                ...(form.isCompressed && { "Content-Encoding": "gzip" }),
                ...(isBackfill && { [LANE_HEADER]: "backfill" }),
              },
            });
            expect([200, 207]).toContain(answer.status);
          }
          const sent = requests.flat();
          const [queue, other] = isBackfill ? (["backfill", "events"] as const) : (["events", "backfill"] as const);
          expect(boundary[other].messages).toEqual([]);
          expect(boundary[queue].bodies.every((parcel) => laneOf(parcel) === (isBackfill ? "backfill" : "live"))).toBe(
            true,
          );
          expect(
            boundary
              .recordsIn(queue)
              .map((record) => `${keyOf(record)} ${record.value}`)
              .sort(),
          ).toEqual(
            sent
              .flatMap((each) =>
                each.reason === undefined ? [`${hexOf(each)} ${form.written?.(each) ?? each.bytes}`] : [],
              )
              .sort(),
          );
          for (const { record, failure } of boundary.letters) {
            // A null and an empty line have no value.
            if (!record.value) continue;
            const bytes = Buffer.from(record.value, record.encoding ?? "utf8");
            const end = failure.reason === "too_large" && failure.cut ? failure.cut.keptBytes : undefined;
            const isAsSent = sent.some(
              (each) =>
                hexOf(each) === keyOf(record) && (form.written?.(each) ?? each.bytes).subarray(0, end).equals(bytes),
            );
            expect(isAsSent, `${keyOf(record)} ${record.value.slice(0, 100)}`).toBe(true);
          }
          expect(await failuresByReason()).toEqual(tally(sent.flatMap(({ reason }) => reason ?? [])));
        },
      ),
      { numRuns: 20 },
    );
  },
  120_000,
);

/** A key's bytes, in hex. */
const hexOf = ({ key }: Sent): string | undefined => key?.toString("hex");
const keyOf = ({ key, keyEncoding }: QueuedRecord): string | undefined =>
  key === null ? undefined : Buffer.from(key, keyEncoding ?? "utf8").toString("hex");

/** Letters that were queued, and those that were too large for that and stand in D1. */
async function failuresByReason(): Promise<Record<string, number>> {
  const { results } = await DB.prepare("SELECT reason, failures FROM dead_letters").all<{
    reason: string;
    failures: number;
  }>();
  return tally([
    ...boundary.letters.map(({ failure }) => failure.reason),
    ...results.flatMap(({ reason, failures }) => Array<string>(failures).fill(reason)),
  ]);
}

const tally = (reasons: readonly string[]): Record<string, number> =>
  Object.fromEntries(
    [...Map.groupBy(reasons.toSorted(), (reason) => reason)].map(([reason, all]) => [reason, all.length]),
  );
