import { signOpsToken } from "#auth/ops-user.ts";
import { LOCAL_TOKEN_SECRET, signToken } from "#auth/token.ts";
import { parseJson } from "#json/parse-json.ts";
import { isEndLine } from "#letters/end-line.ts";
import type { Group } from "#ops/api.ts";
import type { QueuedRecord } from "#queue/parcel.ts";
import type { SampleRecord } from "../samples/record.ts";

/** What the REST Proxy endpoint answered about one request's records. */
export type Pushed = { readonly accepted: number; readonly deadLettered: number };

/** The platform's counts of its outcomes: `GET /ops/api/outcomes`. */
export type Outcomes = {
  readonly accepted: number;
  readonly applied: number;
  readonly unchanged: number;
  readonly duplicate: number;
  readonly superseded: number;
  readonly deadLettered: { readonly total: number; readonly byReason: Readonly<Record<string, number>> };
  readonly inFlight: number;
  readonly d1RowsWritten: number;
  readonly objectWrites: number;
};

/** The platform as its three kinds of users reach it, over HTTP only. */
export async function connect(url: URL) {
  const token = await signToken({ role: "ops" }, LOCAL_TOKEN_SECRET, "1h");
  const authorization = `Bearer ${token}`;

  return {
    /** A token of role ops, for other queries. */
    authorization,

    /** Posts records of one topic as a REST Proxy client does: JSON where the values are JSON, else base64. */
    async push(topic: string, records: readonly SampleRecord[]): Promise<Pushed> {
      const asJson = records.every(({ value }) => value === null || isJson(value));
      const response = await fetch(new URL(`/topics/${topic}`, url), {
        method: "POST",
        headers: {
          "Content-Type": `application/vnd.kafka.${asJson ? "json" : "binary"}.v2+json`,
          Authorization: `Basic ${btoa("dev:dev")}`,
        },
        body: `{"records":[${records.map(asJson ? jsonRecord : binaryRecord).join()}]}`,
      });
      if (response.status !== 200)
        throw new Error(`POST /topics/${topic}: ${response.status} ${await response.text()}`);
      const { offsets } = (await response.json()) as { offsets: { error_code: number | null }[] };
      const deadLettered = offsets.filter(({ error_code }) => error_code !== null).length;
      return { accepted: offsets.length - deadLettered, deadLettered };
    },

    async query<T>(document: string, variables: Record<string, unknown> = {}): Promise<T> {
      const response = await fetch(new URL("/graphql", url), {
        method: "POST",
        headers: { "Content-Type": "application/json", Authorization: authorization },
        body: JSON.stringify({ query: document, variables }),
      });
      const { data, errors } = (await response.json()) as { data: T; errors?: { message: string }[] };
      if (errors) throw new Error(`GraphQL: ${errors.map(({ message }) => message).join("; ")}`);
      return data;
    },

    async outcomes(): Promise<Outcomes> {
      const response = await fetch(new URL("/ops/api/outcomes", url), { headers: { Authorization: authorization } });
      if (!response.ok) throw new Error(`GET /ops/api/outcomes: ${response.status} ${await response.text()}`);
      return (await response.json()) as Outcomes;
    },

    async deadLetters(query = ""): Promise<{ deadLetters: DeadLetter[]; nextCursor: string | null }> {
      const response = await fetch(new URL(`/ops/api/dead-letters${query}`, url), {
        headers: { Authorization: authorization },
      });
      if (!response.ok) throw new Error(`GET /ops/api/dead-letters: ${response.status} ${await response.text()}`);
      return (await response.json()) as { deadLetters: DeadLetter[]; nextCursor: string | null };
    },

    /** The same, with their contents, as an admin exports them. */
    async exactLetters(query = ""): Promise<ExactLetter[]> {
      const admin = await signOpsToken({ actor: "demo", role: "admin" }, LOCAL_TOKEN_SECRET, "1h");
      const response = await fetch(new URL(`/ops/api/export${query}`, url), {
        headers: { Authorization: `Bearer ${admin}` },
      });
      if (!response.ok) throw new Error(`GET /ops/api/export: ${response.status} ${await response.text()}`);
      const lines = (await response.text()).split("\n").filter((line) => line !== "" && !isEndLine(line));
      return lines.map((line) => JSON.parse(line) as Exported).map(exactLetterOf);
    },

    /** The first hundred groups of dead letters, newest failure first. */
    async groups(): Promise<Group[]> {
      const response = await fetch(new URL("/ops/api/groups?first=100", url), {
        headers: { Authorization: authorization },
      });
      if (!response.ok) throw new Error(`GET /ops/api/groups: ${response.status} ${await response.text()}`);
      return ((await response.json()) as { groups: Group[] }).groups;
    },

    replayDeadLetter(id: string, { force = false } = {}): Promise<Response> {
      const replay = new URL(`/ops/api/dead-letters/${id}/replay`, url);
      const headers = { Authorization: authorization, "Content-Type": "application/json" };
      return fetch(replay, { method: "POST", headers, ...(force && { body: '{"force":true}' }) });
    },
  };
}

/** What the tests and the demo read of a letter. */
export type DeadLetter = {
  readonly id: string;
  readonly reason: string;
  readonly state: string;
  readonly failures: number;
  readonly replays: number;
  readonly outcome: string | null;
};

/** A letter and its record, byte by byte. */
export type ExactLetter = DeadLetter & {
  readonly topic: string;
  readonly payload: string | null;
  readonly payloadEncoding: "text" | "base64";
  readonly key: string | null;
  readonly keyEncoding: "text" | "base64";
  readonly headers: readonly (readonly [string, string])[];
  readonly partition: number | null;
  readonly offset: number | null;
  readonly timestampMs: number | null;
};

type Exported = Omit<DeadLetter, "reason"> & {
  readonly topic: string;
  readonly failure: { readonly reason: string };
  readonly record: QueuedRecord;
};

const exactLetterOf = ({ failure, record, ...letter }: Exported): ExactLetter => ({
  ...letter,
  reason: failure.reason,
  payload: record.value,
  payloadEncoding: record.encoding ?? "text",
  key: record.key,
  keyEncoding: record.keyEncoding ?? "text",
  headers: record.headers ?? [],
  partition: record.partition ?? null,
  offset: record.offset ?? null,
  timestampMs: record.timestampMs ?? null,
});

export type Clients = Awaited<ReturnType<typeof connect>>;

const jsonRecord = ({ key, value }: SampleRecord): string => `{"key":${JSON.stringify(key)},"value":${value}}`;

const binaryRecord = ({ key, value }: SampleRecord): string =>
  JSON.stringify({ key: base64(key), value: value === null ? null : base64(value) });

const base64 = (text: string): string => Buffer.from(text).toString("base64");

const isJson = (text: string): boolean => parseJson(text) !== undefined;
