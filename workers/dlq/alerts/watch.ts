import type { GroupState } from "#letters/states.ts";
import { chooseNotices, evaluateRules, type Notice, type Observation } from "#ops/alert-rules.ts";
import type { AlertLogRepository } from "#repositories/alert-log.ts";
import { log } from "#telemetry/log.ts";
import { type DeliverDeps, deliver } from "./deliver.ts";
import type { AlertSettings, Webhook } from "./settings.ts";

export type WatchDeps = Omit<DeliverDeps, "alerts" | "webhooks"> & {
  readonly alerts: AlertLogRepository;
  readonly settings: AlertSettings;
  readonly observe: (nowMs: number) => Promise<Observation>;
  /** `undefined` if there is no such group. */
  readonly stateOfGroup: (id: string) => Promise<GroupState | undefined>;
};

/**
 * Compares the dead letters with the alert rules, records new notices, and sends the deliveries that are due.
 * Concurrent rounds record a notice once, and the next round sends what a crashed one has recorded. Recorded notices
 * are sent even if the letters cannot be read.
 */
export async function watch(deps: WatchDeps): Promise<void> {
  const { alerts, settings, now } = deps;
  const { webhooks, problems } = settings;
  if (problems.length > 0) log("error", "alert.misconfigured", { problems: problems.join("; ") });
  if (webhooks.length === 0) return;
  const [recorded] = await Promise.allSettled([recordNotices(deps, now())]);
  await deliver({ ...deps, webhooks });
  await alerts.prune(now());
  if (recorded.status === "rejected") throw recorded.reason;
}

async function recordNotices(
  { alerts, observe, stateOfGroup, settings: { webhooks } }: WatchDeps,
  nowMs: number,
): Promise<void> {
  const known = await alerts.known();
  const isSpiking = known.some(({ kind, state }) => kind === "spike" && state === "firing");
  for (const notice of chooseNotices(nowMs, evaluateRules(await observe(nowMs), isSpiking), known)) {
    const decision = await decide(notice, stateOfGroup);
    if (decision === "still firing") continue;
    const isWanted = ({ kinds }: Webhook) => !kinds || kinds.includes(notice.kind);
    const receivers = decision === "send" ? webhooks.filter(isWanted) : [];
    const deliveries = receivers.map(({ id }) => ({
      id: crypto.randomUUID(),
      webhookId: id,
      body: formatBody(notice, nowMs),
    }));
    await alerts.recordNotice(notice, deliveries, nowMs);
  }
}

/**
 * An alert of a group ends when its group no longer waits. Only the end of a resolved group is sent; a group that an
 * operator has taken on ends silently. A group that still waits was beyond the groups that a round reads.
 */
async function decide(
  { kind, state, subject }: Notice,
  stateOfGroup: WatchDeps["stateOfGroup"],
): Promise<"send" | "silent" | "still firing"> {
  if (state === "firing" || !kind.startsWith("group_")) return "send";
  const now = await stateOfGroup(subject);
  if (now === "open" || now === "regressed") return "still firing";
  return now === "resolved" ? "send" : "silent";
}

function formatBody({ kind, state, subject, summary }: Notice, nowMs: number): string {
  const page = kind === "run_paused" ? "runs" : "groups";
  const link = subject === "all" ? "/ops#/groups" : `/ops#/${page}/${subject}`;
  return JSON.stringify({
    type: `concord.dead_letters.${kind}`,
    timestamp: new Date(nowMs).toISOString(),
    data: { state, subject, summary, link },
  });
}
