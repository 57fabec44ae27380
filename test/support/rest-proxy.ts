import { createHash } from "node:crypto";
import { eventValue } from "./records.ts";

/** A topic with a contract; the tables of client behaviour call it T. */
export const T = "device.elt.dealer.assigned";
/** The topic on which a tombstone is a removal. */
export const REGISTRATIONS = "device.elt.registration.created";

export const JSON_V2 = "application/vnd.kafka.json.v2+json";
export const BINARY_V2 = "application/vnd.kafka.binary.v2+json";
export const V2 = "application/vnd.kafka.v2+json";

const hashed = (id: string, secret: string, may: string[]) => ({
  id,
  hash: createHash("sha256").update(`${id}:${secret}`).digest("hex"),
  may,
});

/** `dev:dev` may write everything, `elt-bridge:s3cret` the topics of one source. */
export const TEST_CREDENTIALS = {
  INGEST_CREDENTIALS: JSON.stringify([hashed("dev", "dev", ["*"]), hashed("elt-bridge", "s3cret", ["device.elt.*"])]),
};

export const basic = (credentials: string): string => `Basic ${btoa(credentials)}`;

export type KafkaRequest = {
  readonly method?: string;
  readonly path: string;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
};

/** One HTTP answer, read to its end. */
export type Answer = {
  readonly status: number;
  /** The media type, without parameters. */
  readonly type: string;
  readonly headers: Headers;
  readonly text: string;
};

/** Sends a request as `dev:dev`, unless its headers have other credentials. */
export async function send(url: URL, { method = "POST", path, type, headers, body }: KafkaRequest): Promise<Answer> {
  const response = await fetch(new URL(path, url), {
    method,
    headers: { Authorization: basic("dev:dev"), ...(type !== undefined && { "Content-Type": type }), ...headers },
    // As bytes, since fetch gives a string a content type that the test did not ask for.
    ...(body !== undefined && { body: Buffer.from(body) }),
  });
  const mediaType = (response.headers.get("Content-Type") ?? "").split(";")[0] as string;
  return { status: response.status, type: mediaType, headers: response.headers, text: await response.text() };
}

/** The receipts of a v3 stream. @throws if one of them is not followed by CRLF */
export function receiptsOf(text: string): unknown[] {
  const receipts = text.split("\r\n");
  if (receipts.pop() !== "") throw new Error(`the last receipt is not ended by CRLF: ${text.slice(-200)}`);
  return receipts.map((receipt) => JSON.parse(receipt));
}

/** The text of a valid value. */
export const eventText = (topic = T, deviceId?: string): string =>
  JSON.stringify(eventValue({ topic, ...(deviceId !== undefined && { deviceId }) }));

export const base64 = (text: string | Uint8Array): string => Buffer.from(text).toString("base64");

/** How many records a 2xx answer says are in a queue, as events or as dead letters. */
export function recordsKept({ status, headers, text }: Answer): number {
  if (status < 200 || status > 299) return 0;
  const counted = headers.get("X-Concord-Accepted");
  if (counted !== null) return Number(counted) + Number(headers.get("X-Concord-Dead-Lettered"));
  if (text === "") return 0;
  if (text.endsWith("\r\n")) return receiptsOf(text).filter(isKept).length;
  const body = JSON.parse(text) as Partial<Record<"offsets" | "successes" | "failures", unknown[]>> & {
    accepted?: number;
    deadLettered?: number;
  };
  const entries = [...(body.offsets ?? []), ...(body.failures ?? [])].filter(isKept).length;
  return entries + (body.successes?.length ?? 0) + (body.accepted ?? 0) + (body.deadLettered ?? 0);
}

/** A record that its contract refused is kept too, and its message says so. */
function isKept(entry: unknown): boolean {
  const { error_code, error, message } = entry as { error_code: number | null; error?: string; message?: string };
  return error_code === null || error_code === 200 || /kept as a dead letter/.test(error ?? message ?? "");
}
