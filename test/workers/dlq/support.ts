import { env as testEnv } from "cloudflare:workers";
import { vi } from "vitest";
import type { OpsAccess } from "#auth/ops-access.ts";
import { type OpsRole, signOpsToken } from "#auth/ops-user.ts";
import type { Scope } from "#auth/scope.ts";
import { LOCAL_TOKEN_SECRET, signToken } from "#auth/token.ts";
import type { Registers } from "#domain/party.ts";
import type { Letter, Settlement } from "#letters/letter.ts";
import { DeadLetterRepository } from "#letters/repositories/dead-letter.ts";
import type { Parcel, QueuedRecord } from "#queue/parcel.ts";
import { type MetricsReport, NO_TOTALS } from "#telemetry/metrics.ts";
import type { HistoryQuery } from "#telemetry/overview.ts";
import { createOpsDeps, type Env, readConfig } from "../../../workers/dlq/env.ts";
import { operations } from "../../../workers/dlq/operations.ts";
import type { OpsDeps } from "../../../workers/dlq/ops/deps.ts";
import type { ParkDeps, SentDelivery } from "../../../workers/dlq/park.ts";
import { toFlowTotals } from "../../../workers/metrics/flow-totals.ts";
import { toHistory } from "../../../workers/metrics/history.ts";
import { NO_SLOTS, toTopicTimes } from "../../../workers/metrics/slots.ts";
import { NOW_MS, recordOf } from "../../support/records.ts";

export const env = testEnv as unknown as Env;

/** Deletes everything, as in a new deployment. */
export async function emptyOps(): Promise<void> {
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

/** A queue that records what was sent, or refuses everything. */
export function fakeQueue<Body = Parcel>({ refuses = false } = {}) {
  const sent: Body[] = [];
  return {
    sent,
    async sendBatch(messages: Iterable<{ body: unknown; contentType?: string }>) {
      if (refuses) throw new Error("Queue sendBatch failed: Internal Server Error");
      // Through JSON, as the queue does it.
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
    flow: async () => ({ totals: toFlowTotals(NO_TOTALS), backlog: null }),
    times: async () => toTopicTimes(NO_SLOTS, NOW_MS, {}),
    history: async (query: HistoryQuery) => toHistory(NO_SLOTS, query),
  };
}

/** A D1 that does not answer. */
export const brokenLetters: ParkDeps["letters"] = {
  park: () => Promise.reject(new Error("D1_ERROR: Network connection lost.")),
  settle: () => Promise.reject(new Error("D1_ERROR: Network connection lost.")),
};

/** Makes the next read of letters to be sent fail. */
export const failOneRead = () =>
  // biome-ignore lint/correctness/useYield: it fails before it has one
  vi.spyOn(DeadLetterRepository.prototype, "findInParts").mockImplementationOnce(async function* () {
    throw new Error("D1_ERROR: Network connection lost.");
  });

type OpsOptions = {
  events?: ReturnType<typeof fakeQueue<Parcel>>;
  nowMs?: number;
  workerVersion?: string;
  access?: OpsAccess;
  /** In place of the archive Worker; without it none is bound. */
  archive?: OpsDeps["archive"];
  /** In place of the configured ones. */
  registers?: Registers;
};

/** The operations API over the real D1 and real runs, with a recording queue and a fixed clock. */
export function opsOf({
  events = fakeQueue<Parcel>(),
  nowMs = FAILED_MS + 60_000,
  workerVersion = "next",
  access,
  archive,
  registers,
}: OpsOptions = {}) {
  const metrics = fakeMetrics();
  const config = readConfig(env);
  if (!config.ok) throw new Error(config.problems.join("; "));
  const own = createOpsDeps(env, { ...config.config, ...(registers && { SHARED_REGISTERS: registers }) });
  const deps = { ...own, events, metrics, now: () => nowMs, workerVersion, archive, trust: { ...own.trust, access } };
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

export async function bearerAt(role: OpsRole, actor = `${role}@example.com`): Promise<Record<string, string>> {
  return { Authorization: `Bearer ${await signOpsToken({ actor, role }, LOCAL_TOKEN_SECRET, "1h")}` };
}

/** A D1 that records the statements and the rows that each has read. */
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
  /** SQLite's query plans of the statements, one line per step. */
  const plans = async () => {
    const explained = asked.map(({ sql, parameters }) =>
      env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`).bind(...parameters),
    );
    const answers = await env.DB.batch<{ detail: string }>(explained);
    return answers.flatMap(({ results }) => results.map(({ detail }) => detail));
  };
  return { db, rowsRead, plans };
}
