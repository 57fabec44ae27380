import { Webhook } from "standardwebhooks";
import type { AlertLogRepository, WebhookDelivery } from "#repositories/alert-log.ts";
import { describeFault, log } from "#telemetry/log.ts";
import type { Webhook as Target } from "./settings.ts";

export type DeliverDeps = {
  readonly alerts: Pick<AlertLogRepository, "claimDue" | "delivered" | "failed">;
  readonly webhooks: readonly Target[];
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly now: () => number;
};

/** Seconds until each further attempt. A delivery is given up after the last. Ours. */
const RETRY_SECONDS = [5, 30, 120, 600, 3_600, 6 * 3_600];

/** How long a receiver may take to answer. Ours. */
const TIMEOUT_MS = 5_000;

/** Rounds per minute, each of as many deliveries as a Worker may have connections. Ours. */
const MAX_ROUNDS = 8;

/**
 * Sends the deliveries that are due, those without an attempt first. Each fails by itself; one without an answer is
 * sent again under the same id.
 */
export async function deliver(deps: DeliverDeps): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const due = await deps.alerts.claimDue(deps.now());
    if (due.length === 0) return;
    await Promise.all(due.map((delivery) => attempt(deps, delivery)));
  }
}

type Outcome = { readonly status: number | null; readonly error: string | null };

async function attempt(deps: DeliverDeps, delivery: WebhookDelivery): Promise<void> {
  const target = deps.webhooks.find(({ id }) => id === delivery.webhookId);
  const outcome = target ? await post(deps, target, delivery) : { status: null, error: "is not set up" };
  const { status, error } = outcome;
  if (error === null) return deps.alerts.delivered(delivery, deps.now(), status);
  const delaySeconds = RETRY_SECONDS[delivery.attempts - 1];
  const isOver = status === 410 || delaySeconds === undefined;
  log(isOver ? "error" : "warn", "alert.not_delivered", {
    webhook: delivery.webhookId,
    attempts: delivery.attempts,
    status,
    error,
  });
  await deps.alerts.failed(delivery, outcome, isOver ? null : deps.now() + delaySeconds * 1_000);
}

async function post(
  { fetch, now }: DeliverDeps,
  { url, secret }: Target,
  { id, body }: WebhookDelivery,
): Promise<Outcome> {
  const sentAt = new Date(now());
  try {
    const response = await fetch(url, {
      method: "POST",
      // A redirect may lead to a host that is not on the list.
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: {
        "Content-Type": "application/json",
        "User-Agent": "concord",
        "webhook-id": id,
        "webhook-timestamp": String(Math.floor(sentAt.getTime() / 1_000)),
        "webhook-signature": new Webhook(secret).sign(id, sentAt, body),
      },
      body,
    });
    // Only the status counts.
    await response.body?.cancel();
    return { status: response.status, error: response.ok ? null : `answered ${response.status}` };
  } catch (thrown) {
    return { status: null, error: describeFault(thrown).name };
  }
}
