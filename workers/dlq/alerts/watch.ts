import { conditionsOf, type Notice, noticesOf, type Observation } from "../../../src/shared/desk/alert-rules.ts";
import type { AlertLogRepository } from "../../../src/shared/repositories/alert-log.ts";
import { log } from "../../../src/shared/telemetry/log.ts";
import { type DeliverDeps, deliver } from "./deliver.ts";
import type { AlertSettings } from "./settings.ts";

export type WatchDeps = Omit<DeliverDeps, "alerts" | "webhooks"> & {
  readonly alerts: AlertLogRepository;
  readonly settings: AlertSettings;
  readonly observe: (nowMs: number) => Promise<Observation>;
};

/**
 * Looks at the desk, writes down what has to be told, and tells what is due. Two at once write it down once; one that
 * dies in between leaves it to the next.
 */
export async function watch({ observe, alerts, settings, ...deps }: WatchDeps): Promise<void> {
  const { webhooks, problems } = settings;
  if (problems.length > 0) log("error", "alert.misconfigured", { problems: problems.join("; ") });
  if (webhooks.length === 0) return;
  const nowMs = deps.now();
  const notices = noticesOf(nowMs, conditionsOf(await observe(nowMs)), await alerts.known(nowMs));
  for (const notice of notices) {
    const told = webhooks.filter(({ kinds }) => kinds === undefined || kinds.includes(notice.kind));
    const deliveries = told.map(({ id }) => ({ id: crypto.randomUUID(), webhookId: id, body: bodyOf(notice, nowMs) }));
    await alerts.tell(notice, deliveries, nowMs);
  }
  await deliver({ ...deps, alerts, webhooks });
}

function bodyOf({ kind, state, subject, summary }: Notice, nowMs: number): string {
  const link =
    kind === "run_paused" ? `/ops#/runs/${subject}` : subject === "all" ? "/ops#/groups" : `/ops#/groups/${subject}`;
  return JSON.stringify({
    type: `concord.dead_letters.${kind}`,
    timestamp: new Date(nowMs).toISOString(),
    data: { state, subject, summary, link },
  });
}
