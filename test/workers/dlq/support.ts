import { env as testEnv } from "cloudflare:workers";
import { vi } from "vitest";
import { type DeskRole, signDeskToken } from "../../../src/shared/auth/desk-user.ts";
import type { Scope } from "../../../src/shared/auth/scope.ts";
import { LOCAL_TOKEN_SECRET, signToken } from "../../../src/shared/auth/token.ts";
import type { Letter, Settlement } from "../../../src/shared/queue/letter.ts";
import type { Parcel, QueuedRecord } from "../../../src/shared/queue/parcel.ts";
import { DeadLetterRepository } from "../../../src/shared/repositories/dead-letter.ts";
import { type MetricsReport, NO_TOTALS } from "../../../src/shared/telemetry/metrics.ts";
import { deskDepsOf, type Env, readConfig } from "../../../workers/dlq/env.ts";
import { flowTotalsOf } from "../../../workers/dlq/metrics/flow-totals.ts";
import { type HistoryQuery, historyOf } from "../../../workers/dlq/metrics/history.ts";
import { NO_SLOTS, timesOf } from "../../../workers/dlq/metrics/slots.ts";
import { operations } from "../../../workers/dlq/operations.ts";
import type { ParkDeps, SentDelivery } from "../../../workers/dlq/park.ts";
import { NOW_MS, recordOf } from "../../support/records.ts";

export const env = testEnv as unknown as Env;

/** As a new deployment has it. */
export async function emptyDesk(): Promise<void> {
  for (const table of [
    "dead_letters",
    "letter_groups",
    "letter_depths",
    "letter_group_hours",
    "letter_revisions",
    "replay_runs",
  ]) {
    await env.DB.exec(`DELETE FROM ${table}`);
  }
}

export const TOPIC = "device.infinity.profile.updated";

/** The first failure of every letter, unless a test says otherwise. */
export const FAILED_MS = NOW_MS + 1_000;

export const recordNamed = (eventId: string, more: Partial<QueuedRecord> = {}): QueuedRecord => ({
  ...recordOf({ topic: TOPIC, eventId }),
  ...more,
});

export const letter = (id: string, more: Partial<Letter> = {}): Letter => ({
  id,
  record: recordNamed(id),
  stage: "consume",
  failure: { reason: "not_json", message: "the value is not JSON" },
  failedAtMs: FAILED_MS,
  workerVersion: "test",
  ...more,
});

export const settlement = (letterId: string, more: Partial<Settlement> = {}): Settlement => ({
  letterId,
  outcome: "applied",
  settledAtMs: FAILED_MS + 1_000,
  ...more,
});

export const delivery = (body: unknown, more: Partial<SentDelivery> = {}): SentDelivery => ({
  body,
  attempts: 1,
  timestamp: new Date(FAILED_MS),
  ...more,
});

/** A queue that remembers what it took, or refuses everything. */
export function fakeQueue<Body = Parcel>({ refuses = false } = {}) {
  const sent: Body[] = [];
  return {
    sent,
    async sendBatch(messages: Iterable<{ body: unknown; contentType?: string }>) {
      if (refuses) throw new Error("Queue sendBatch failed: Internal Server Error");
      // Through JSON, as on the queue.
      for (const { body, contentType } of messages) {
        sent.push((contentType === "bytes" ? structuredClone(body) : JSON.parse(JSON.stringify(body))) as Body);
      }
      return {} as QueueSendBatchResponse;
    },
  };
}

export function fakeMetrics() {
  const reports: MetricsReport[] = [];
  return {
    reports,
    report: async (report: MetricsReport) => void reports.push(report),
    read: async () => NO_TOTALS,
    flow: async () => ({ totals: flowTotalsOf(NO_TOTALS), backlog: null }),
    times: async () => timesOf(NO_SLOTS, NOW_MS, {}),
    history: async (query: HistoryQuery) => historyOf(NO_SLOTS, query),
  };
}

/** A D1 that is out of reach. */
export const brokenLetters: ParkDeps["letters"] = {
  park: () => Promise.reject(new Error("D1_ERROR: Network connection lost.")),
  settle: () => Promise.reject(new Error("D1_ERROR: Network connection lost.")),
};

/** The next letters that are read to be sent cannot be had. */
export const failOneRead = () =>
  // biome-ignore lint/correctness/useYield: it fails before it has one
  vi.spyOn(DeadLetterRepository.prototype, "findInParts").mockImplementationOnce(async function* () {
    throw new Error("D1_ERROR: Network connection lost.");
  });

type DeskOptions = { events?: ReturnType<typeof fakeQueue<Parcel>>; nowMs?: number; workerVersion?: string };

/** The desk's API over the real D1 and the real runs, with a queue that remembers and a clock that stands still. */
export function deskOf({
  events = fakeQueue<Parcel>(),
  nowMs = FAILED_MS + 60_000,
  workerVersion = "next",
}: DeskOptions = {}) {
  const metrics = fakeMetrics();
  const config = readConfig(env);
  if (!config.ok) throw new Error(config.problems.join("; "));
  const deps = { ...deskDepsOf(env, config.config), events, metrics, now: () => nowMs, workerVersion };
  const app = operations(deps);
  const ask = async (method: string, path: string, { body, headers }: Asked = {}) => {
    const init = {
      method,
      headers: { "Content-Type": "application/json", ...(headers ?? (await bearer())) },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    };
    const response = await app.request(path, init);
    const text = await response.text();
    const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
    // biome-ignore lint/suspicious/noExplicitAny: tests look at what they expect
    return { status: response.status, headers: response.headers, text, body: (isJson ? JSON.parse(text) : {}) as any };
  };
  return {
    app,
    deps,
    events,
    metrics,
    ask,
    get: (path: string, headers?: Record<string, string>) => ask("GET", path, { headers }),
    post: (path: string, body?: unknown, headers?: Record<string, string>) => ask("POST", path, { body, headers }),
    patch: (path: string, body: unknown, headers?: Record<string, string>) => ask("PATCH", path, { body, headers }),
  };
}

type Asked = { readonly body?: unknown; readonly headers?: Record<string, string> | undefined };

export async function bearer(scope: Scope = { role: "ops" }): Promise<Record<string, string>> {
  return { Authorization: `Bearer ${await signToken(scope, LOCAL_TOKEN_SECRET, "1h")}` };
}

export async function bearerAt(role: DeskRole, actor = `${role}@example.com`): Promise<Record<string, string>> {
  return { Authorization: `Bearer ${await signDeskToken({ actor, role }, LOCAL_TOKEN_SECRET, "1h")}` };
}

/** A D1 that notes what it is asked, and what D1 says that each of it read. */
export function counting() {
  const asked: { sql: string; parameters: unknown[] }[] = [];
  const db = {
    prepare: (sql: string) => {
      const statement = env.DB.prepare(sql);
      const bind = statement.bind.bind(statement);
      asked.push({ sql, parameters: [] });
      const mine = asked.at(-1);
      statement.bind = (...parameters: unknown[]) => {
        if (mine) mine.parameters = parameters;
        return bind(...parameters);
      };
      return statement;
    },
    batch: env.DB.batch.bind(env.DB),
  } as unknown as D1Database;
  const rowsRead = async () => {
    let rows = 0;
    for (const { sql, parameters } of asked)
      rows += (
        await env.DB.prepare(sql)
          .bind(...parameters)
          .all()
      ).meta.rows_read;
    return rows;
  };
  return { db, rowsRead };
}
