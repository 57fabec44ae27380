import { parseJson } from "#json/parse-json.ts";
import { LIMITS } from "#queue/limits.ts";
import type { SampleRecord } from "../../samples/record.ts";

/** What an answer said about one record. `again` is what a connector sends again. */
export type Said =
  | { readonly kind: "accepted" }
  | { readonly kind: "deadLettered"; readonly reason: string }
  | { readonly kind: "again" };

type Produce = { readonly path: string; readonly type: string; readonly body: string; readonly streamed?: true };

/** One of the ways to send records of one topic. */
export type Door = {
  readonly name: string;
  readonly takes: (record: SampleRecord) => boolean;
  /** The most records of one request, if that is limited below what a tick can hold. */
  readonly maxRecords?: number;
  /** Whether the record's key is sent too. */
  readonly carriesKey: boolean;
  readonly write: (topic: string, records: readonly SampleRecord[]) => Produce;
  /** One entry per record, as far as the answer has one. */
  readonly read: (text: string, count: number) => Said[];
};

const isJson = ({ value }: SampleRecord): boolean => parseJson(value ?? "null") !== undefined;

const base64 = (text: string | null): string | null => text && Buffer.from(text).toString("base64");

const ACCEPTED: Said = { kind: "accepted" };
const AGAIN: Said = { kind: "again" };

/** The boundary's message tells that a record is kept as a dead letter, and why. */
function saidOf(code: number | null | undefined, message: string | null | undefined): Said {
  if (code === null || code === 200) return ACCEPTED;
  const reason = /kept as a dead letter \((\w+)\)/.exec(message ?? "")?.[1];
  return reason ? { kind: "deadLettered", reason } : AGAIN;
}

const v2 = (format: "json" | "binary", record: (record: SampleRecord) => string) => ({
  carriesKey: true,
  write: (topic: string, records: readonly SampleRecord[]): Produce => ({
    path: `/topics/${topic}`,
    type: `application/vnd.kafka.${format}.v2+json`,
    body: `{"records":[${records.map(record).join()}]}`,
  }),
  read: (text: string): Said[] => {
    const { offsets } = JSON.parse(text) as { offsets: { error_code: number | null; error: string | null }[] };
    return offsets.map(({ error_code, error }) => saidOf(error_code, error));
  },
});

const v3Record = (record: SampleRecord): string => {
  const { key, value } = record;
  const data = isJson(record) ? `{"type":"JSON","data":${value}}` : `{"type":"BINARY","data":"${base64(value)}"}`;
  return `"key":{"type":"STRING","data":${JSON.stringify(key)}},"value":${data}`;
};

const v3Path = (topic: string, operation: string) => `/v3/clusters/concord/topics/${topic}/${operation}`;

type Receipt = { readonly id?: string; readonly error_code?: number; readonly message?: string };

const BINARY: Door = {
  name: "v2 binary",
  takes: () => true,
  ...v2("binary", ({ key, value }) => JSON.stringify({ key: base64(key), value: base64(value) })),
};

export const DOORS: readonly Door[] = [
  {
    name: "v2 JSON",
    takes: isJson,
    ...v2("json", ({ key, value }) => `{"key":${JSON.stringify(key)},"value":${value}}`),
  },
  {
    name: "v3 stream",
    takes: () => true,
    carriesKey: true,
    write: (topic, records) => ({
      path: v3Path(topic, "records"),
      type: "application/json",
      body: records.map((record) => `{${v3Record(record)}}`).join("\n"),
      streamed: true,
    }),
    read: (text) =>
      text
        .split("\r\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as Receipt)
        .map(({ error_code, message }) => saidOf(error_code, message)),
  },
  {
    name: "v3 batch",
    takes: () => true,
    maxRecords: LIMITS.batchEntries,
    carriesKey: true,
    write: (topic, records) => ({
      path: v3Path(topic, "records:batch"),
      type: "application/json",
      body: `{"entries":[${records.map((record, i) => `{"id":"${i}",${v3Record(record)}}`).join()}]}`,
    }),
    read: (text, count) => {
      const { successes, failures } = JSON.parse(text) as { successes: Receipt[]; failures: Receipt[] };
      const said = Array.from({ length: count }, (): Said => AGAIN);
      for (const { id } of successes) said[Number(id)] = ACCEPTED;
      for (const { id, error_code, message } of failures) said[Number(id)] = saidOf(error_code, message);
      return said;
    },
  },
  {
    name: "sink",
    // An element that is not JSON would make the whole list invalid.
    takes: (record) => record.value !== null && isJson(record),
    carriesKey: false,
    write: (topic, records) => ({
      path: `/ingest/${topic}`,
      type: "application/json",
      body: `[${records.map(({ value }) => value).join()}]`,
    }),
    read: (text, count) => {
      const { errors } = JSON.parse(text) as { errors: { index: number; reason: string }[] };
      const said = Array.from({ length: count }, (): Said => ACCEPTED);
      for (const { index, reason } of errors)
        said[index] = reason === "refused" ? AGAIN : { kind: "deadLettered", reason };
      return said;
    },
  },
  BINARY,
];

/** How long a client waits for an answer before it gives up the request. */
const PATIENCE_MS = 20_000;

/** Sends records of one topic by one way. @throws for an answer after which no connector would send again */
export async function send(url: URL, door: Door, records: readonly SampleRecord[]): Promise<Said[]> {
  const { path, type, body, streamed } = door.write(records[0]?.topic ?? "", records);
  const answer = await fetch(new URL(path, url), {
    method: "POST",
    headers: { "Content-Type": type, Authorization: `Basic ${btoa("dev:dev")}` },
    signal: AbortSignal.timeout(PATIENCE_MS),
    ...(streamed ? { body: inPieces(body), duplex: "half" as const } : { body }),
  })
    .then(async (response) => ({ status: response.status, text: await response.text() }))
    .catch((thrown: unknown) => ({ status: 599, text: String(thrown) }));
  if (answer.status >= 500 || answer.status === 429) return records.map(() => AGAIN);
  if (answer.status >= 400) throw new Error(`POST ${path} (${door.name}): ${answer.status} ${answer.text}`);
  const said = door.read(answer.text, records.length);
  return records.map((_, i) => said[i] ?? AGAIN);
}

/** A stream that arrives in two pieces, cut in the middle of its bytes. */
function inPieces(text: string): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  const middle = bytes.byteLength >> 1;
  return new ReadableStream({
    start(controller) {
      controller.enqueue(bytes.slice(0, middle));
      controller.enqueue(bytes.slice(middle));
      controller.close();
    },
  });
}
