import { env as testEnv } from "cloudflare:workers";
import type { Scope } from "../../../src/shared/auth/scope.ts";
import { LOCAL_TOKEN_SECRET, signToken } from "../../../src/shared/auth/token.ts";
import type { Letter, Settlement } from "../../../src/shared/queue/letter.ts";
import type { Parcel, QueuedRecord } from "../../../src/shared/queue/parcel.ts";
import type { MetricsReport } from "../../../src/shared/telemetry/metrics.ts";
import type { Env } from "../../../workers/dlq/env.ts";
import type { Delivery, ParkDeps } from "../../../workers/dlq/park.ts";
import { NOW_MS, recordOf } from "../../support/records.ts";

export const env = testEnv as unknown as Env;

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

export const delivery = (body: unknown, more: Partial<Delivery> = {}): Delivery => ({
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
    async sendBatch(messages: Iterable<MessageSendRequest<Body>>) {
      if (refuses) throw new Error("Queue sendBatch failed: Internal Server Error");
      // Through JSON, as on the queue.
      for (const { body } of messages) sent.push(JSON.parse(JSON.stringify(body)));
      return {} as QueueSendBatchResponse;
    },
  };
}

export function fakeMetrics() {
  const reports: MetricsReport[] = [];
  return { reports, report: async (report: MetricsReport) => void reports.push(report) };
}

/** A D1 that is out of reach. */
export const brokenLetters: ParkDeps["letters"] = {
  park: () => Promise.reject(new Error("D1_ERROR: Network connection lost.")),
  settle: () => Promise.reject(new Error("D1_ERROR: Network connection lost.")),
};

export async function bearer(scope: Scope = { role: "ops" }): Promise<Record<string, string>> {
  return { Authorization: `Bearer ${await signToken(scope, LOCAL_TOKEN_SECRET, "1h")}` };
}
