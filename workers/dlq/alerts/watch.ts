import { conditionsOf, type Notice, noticesOf, type Observation } from "../../../src/shared/desk/alert-rules.ts";
import type { GroupState } from "../../../src/shared/desk/states.ts";
import type { AlertLogRepository } from "../../../src/shared/repositories/alert-log.ts";
import { log } from "../../../src/shared/telemetry/log.ts";
import { type DeliverDeps, deliver } from "./deliver.ts";
import type { AlertSettings } from "./settings.ts";

export type WatchDeps = Omit<DeliverDeps, "alerts" | "webhooks"> & {
  readonly alerts: AlertLogRepository;
  readonly settings: AlertSettings;
  readonly observe: (nowMs: number) => Promise<Observation>;
  /** `undefined` where there is no such group. */
  readonly stateOfGroup: (id: string) => Promise<GroupState | undefined>;
};

/**
 * Looks at the desk, writes down what has to be told, and tells what is due. Two at once write it down once; one that
 * dies in between leaves it to the next. What was written down before is sent though the desk cannot be seen.
 */
export async function watch(deps: WatchDeps): Promise<void> {
  const { alerts, settings, now } = deps;
  const { webhooks, problems } = settings;
  if (problems.length > 0) log("error", "alert.misconfigured", { problems: problems.join("; ") });
  if (webhooks.length === 0) return;
  const [looked] = await Promise.allSettled([look(deps, now())]);
  await deliver({ ...deps, webhooks });
  await alerts.prune(now());
  if (looked.status === "rejected") throw looked.reason;
}

async function look(
  { alerts, observe, stateOfGroup, settings: { webhooks } }: WatchDeps,
  nowMs: number,
): Promise<void> {
  const known = await alerts.known();
  const isSpiking = known.some(({ kind, state }) => kind === "spike" && state === "firing");
  for (const notice of noticesOf(nowMs, conditionsOf(await observe(nowMs), isSpiking), known)) {
    const end = await endOf(notice, stateOfGroup);
    if (end === "goes on") continue;
    const told = end === "untold" ? [] : webhooks.filter(({ kinds }) => !kinds || kinds.includes(notice.kind));
    const deliveries = told.map(({ id }) => ({ id: crypto.randomUUID(), webhookId: id, body: bodyOf(notice, nowMs) }));
    await alerts.tell(notice, deliveries, nowMs);
  }
}

/** A group that nobody waits for any more may be resolved, or somebody is on it, which is no news; or it was not seen. */
async function endOf(
  { kind, state, subject }: Notice,
  stateOfGroup: WatchDeps["stateOfGroup"],
): Promise<"told" | "untold" | "goes on"> {
  if (state === "firing" || !kind.startsWith("group_")) return "told";
  const now = await stateOfGroup(subject);
  if (now === "open" || now === "regressed") return "goes on";
  return now === "resolved" ? "told" : "untold";
}

function bodyOf({ kind, state, subject, summary }: Notice, nowMs: number): string {
  const page = kind === "run_paused" ? "runs" : "groups";
  const link = subject === "all" ? "/ops#/groups" : `/ops#/${page}/${subject}`;
  return JSON.stringify({
    type: `concord.dead_letters.${kind}`,
    timestamp: new Date(nowMs).toISOString(),
    data: { state, subject, summary, link },
  });
}
