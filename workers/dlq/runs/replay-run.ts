import { DurableObject } from "cloudflare:workers";
import { DeadLetterRepository, type Standing } from "#letters/repositories/dead-letter.ts";
import { ReplayRunRepository } from "#letters/repositories/replay-run.ts";
import { type LetterStatus, RunLetters } from "#letters/repositories/run-letters.ts";
import type { Plan, Run, RunState } from "#ops/api.ts";
import { type Parcel, packParcels } from "#queue/parcel.ts";
import { AuditRepository } from "#repositories/audit.ts";
import { describeFault, log } from "#telemetry/log.ts";
import type { MetricsSink } from "#telemetry/metrics.ts";
import { allShards, type MetricsNamespace, type MetricsShard, pickShard } from "#telemetry/shards.ts";
import { toIso } from "../iso.ts";
import { sendLetters, toReplayedRecord } from "../replay.ts";
import { DEFAULT_PACE, nextStep, type Pace } from "./pace.ts";

/** A plan, and what a run of it needs to know. */
export type PlannedRun = {
  readonly id: string;
  readonly plan: Plan;
  /** The letters that it will replay; fixed by the plan. */
  readonly letterIds: readonly string[];
  readonly hash: string;
  /** The version of the Worker that made the plan; another may judge the letters differently. */
  readonly workerVersion: string;
  readonly force: boolean;
  readonly actor: string;
  readonly nowMs: number;
};

export type StartOrder = Pace & { readonly hash: string; readonly name: string; readonly workerVersion: string };

/** The result of an order: the run after it, or why the order was refused. */
export type Ordered =
  | { readonly kind: "ok"; readonly run: Run }
  | { readonly kind: "unknown" }
  | { readonly kind: "plan_changed"; readonly message: string }
  | { readonly kind: "wrong_state"; readonly state: RunState };

/** The bindings that a run works with. */
type RunEnv = {
  readonly DB: D1Database;
  readonly EVENTS: Queue<Parcel>;
  readonly METRICS: MetricsNamespace<MetricsSink & Pick<MetricsShard, "lastHour">>;
};

type Stored = Omit<PlannedRun, "letterIds" | "nowMs"> &
  Pace & {
    readonly state: RunState;
    readonly why: string | null;
    readonly createdAtMs: number;
    readonly startedAtMs: number | null;
    readonly endedAtMs: number | null;
  };

/** Between two steps of a run. Its rate is per second, so this is one second. */
const STEP_MS = 1_000;
/** Pause after a fault of D1 or the queue. Ours. */
const REST_MS = 5_000;
/** How long a plan may be started: devices and letters change, and an old plan is no longer true. Ours. */
const PLAN_LIFE_MS = 3_600_000;
/** A letter without an outcome is sent again after this time; at worst the consumer counts a duplicate. Ours. */
const RESEND_MS = 60_000;

const UNREACHABLE = "D1 or the queue does not answer; the run continues by itself when it does";

/**
 * A replay of many letters. It keeps to a rate, pauses itself when too many fail, and continues after a crash. Letters
 * are claimed in D1 before they are marked here and sent, so that a crash at any point leaves no letter out, and no two
 * runs send the same one.
 */
export class ReplayRun extends DurableObject<RunEnv> {
  readonly #letters = new DeadLetterRepository(this.env.DB);
  readonly #runLetters = new RunLetters(this.ctx.storage.sql);
  readonly #runs = new ReplayRunRepository(this.env.DB);
  readonly #audit = new AuditRepository(this.env.DB);

  async plan({ letterIds, nowMs, ...planned }: PlannedRun): Promise<Run> {
    this.#runLetters.add(letterIds);
    const nothing = { why: null, startedAtMs: null, endedAtMs: null };
    return this.#save({ ...planned, ...DEFAULT_PACE, ...nothing, state: "planned", createdAtMs: nowMs });
  }

  async read(): Promise<Run | null> {
    const stored = this.#stored;
    return stored ? { ...this.#toRun(stored), name: await this.#runs.nameOf(stored.id) } : null;
  }

  async start({ hash, workerVersion, name, ...pace }: StartOrder): Promise<Ordered> {
    const stored = this.#stored;
    if (!stored) return { kind: "unknown" };
    if (stored.state !== "planned") return { kind: "wrong_state", state: stored.state };
    const changed =
      hash !== stored.hash
        ? "The hash is not that of this plan."
        : workerVersion !== stored.workerVersion
          ? "A new version of the Worker was deployed since the plan was made, and may judge the letters differently."
          : Date.now() - stored.createdAtMs > PLAN_LIFE_MS
            ? "The plan is older than an hour."
            : undefined;
    if (changed) return { kind: "plan_changed", message: changed };
    await this.#runs.rename(stored.id, name);
    return this.#go({ ...stored, ...pace, state: "running", startedAtMs: Date.now() });
  }

  async pause(): Promise<Ordered> {
    return this.#order(["running"], (stored) => this.#stop(stored, "paused", "an operator paused it"));
  }

  async resume(): Promise<Ordered> {
    return this.#order(["paused"], (stored) => this.#go({ ...stored, state: "running", why: null }));
  }

  /** Sends nothing more. Letters in flight still get their outcomes. */
  async cancel(): Promise<Ordered> {
    return this.#order(["planned", "running", "paused"], (stored) =>
      this.#stop({ ...stored, endedAtMs: Date.now() }, "canceled", null),
    );
  }

  override async alarm(): Promise<void> {
    const stored = this.#stored;
    if (stored?.state !== "running") return;
    try {
      await this.#step(stored);
    } catch (thrown) {
      // The platform retries an alarm only a few times; a run waits as long as an outage lasts.
      log("error", "run.step_failed", { runId: stored.id, ...describeFault(thrown) });
      await this.#continue(UNREACHABLE, REST_MS, false);
    }
  }

  async #step(stored: Stored): Promise<void> {
    await this.#collect(stored.id);
    const inFlight = await this.#recordsInFlight();
    const step = nextStep(stored, this.#runLetters.progress, inFlight);
    // An operator may have stopped it while this step waited for D1.
    const now = this.#stored;
    if (now?.state !== "running") return;
    switch (step.kind) {
      case "done":
        await this.#end({ ...now, state: "done", why: null, endedAtMs: Date.now() });
        return;
      case "pause":
        await this.#stop(now, "paused", step.why);
        return;
      case "wait":
        return this.#continue(step.why);
      case "send":
        return this.#continue(await this.#send(now, step.atMost));
      default:
        step satisfies never;
    }
  }

  /** Schedules the next step, unless an operator has stopped the run while this step waited for D1 or the queue. */
  async #continue(why: string | null, delayMs = STEP_MS, savesToD1 = true): Promise<void> {
    const now = this.#stored;
    if (now?.state !== "running") return;
    await this.ctx.storage.setAlarm(Date.now() + delayMs);
    if (savesToD1) await this.#save({ ...now, why });
    else this.#put({ ...now, why });
  }

  /** Reads the outcomes of the letters in flight. */
  async #collect(runId: string): Promise<void> {
    const sent = this.#runLetters.withStatus("sent", Number.MAX_SAFE_INTEGER);
    const known = new Map((await this.#letters.findStandings(sent.map(({ id }) => id))).map((each) => [each.id, each]));
    const nowMs = Date.now();
    for (const { id, sentAtMs } of sent) {
      const status = toLetterStatus(known.get(id), runId, nowMs - sentAtMs);
      if (status !== "sent") this.#runLetters.mark([id], status);
    }
  }

  /** @returns why some letters were not sent, or `null` */
  async #send({ id: runId, force }: Stored, atMost: number): Promise<string | null> {
    const ids = this.#runLetters.withStatus("waiting", atMost).map(({ id }) => id);
    const claim = { runId, nowMs: Date.now(), force };
    const deps = { letters: this.#letters, events: this.env.EVENTS, metrics: pickShard(this.env.METRICS) };
    const { kept } = await sendLetters(deps, ids, {
      claim,
      toParcels: (letters) => packParcels(letters.map(toReplayedRecord)),
      onClaimed: (claimed) => {
        const mine = new Set(claimed);
        this.#runLetters.mark(
          ids.filter((id) => !mine.has(id)),
          "skipped",
        );
        this.#runLetters.mark(claimed, "sent", claim.nowMs);
      },
      onKept: (kept) => this.#runLetters.mark(kept, "waiting"),
    });
    return kept.length > 0 ? UNREACHABLE : null;
  }

  /** From the counts of the last hour, so that a lost count does not hold up runs for ever. */
  async #recordsInFlight(): Promise<number> {
    const hours = await Promise.all(allShards(this.env.METRICS).map((shard) => shard.lastHour()));
    return Math.max(
      0,
      hours.reduce((sum, { entered, settled }) => sum + entered - settled, 0),
    );
  }

  async #order(from: readonly RunState[], act: (stored: Stored) => Promise<Ordered>): Promise<Ordered> {
    const stored = this.#stored;
    if (!stored) return { kind: "unknown" };
    return from.includes(stored.state) ? act(stored) : { kind: "wrong_state", state: stored.state };
  }

  async #go(stored: Stored): Promise<Ordered> {
    await this.ctx.storage.setAlarm(Date.now());
    return { kind: "ok", run: await this.#save(stored) };
  }

  async #stop(stored: Stored, state: "paused" | "canceled", why: string | null): Promise<Ordered> {
    await this.ctx.storage.deleteAlarm();
    return { kind: "ok", run: await this.#save({ ...stored, state, why }) };
  }

  /** Writes the audit entry before the state, so that a fault between them repeats the step. */
  async #end(stored: Stored): Promise<void> {
    await this.#audit.add({
      atMs: Date.now(),
      actor: stored.actor,
      role: "system",
      action: "run.end",
      target: stored.id,
      after: this.#runLetters.progress,
    });
    await this.#save(stored);
  }

  get #stored(): Stored | undefined {
    const stored = this.ctx.storage.kv.get<Stored & { readonly name?: unknown }>("run");
    if (!stored || !("name" in stored)) return stored;
    // An earlier release kept the name here too, where nobody who is forgotten is looked for.
    const { name: _, ...run } = stored;
    this.#put(run);
    return run;
  }

  #put(stored: Stored): void {
    this.ctx.storage.kv.put("run", stored);
  }

  /**
   * Stores the run here, where it is authoritative, and then in D1, where runs are listed. Its name is in D1 alone: an
   * operator wrote it, and what operators wrote of somebody who is forgotten is redacted there.
   */
  async #save(stored: Stored): Promise<Run> {
    this.#put(stored);
    return this.#runs.save(this.#toRun(stored));
  }

  #toRun(stored: Stored): Omit<Run, "name"> {
    const { force: _, workerVersion: __, createdAtMs, startedAtMs, endedAtMs, ...run } = stored;
    return {
      ...run,
      createdAt: toIso(createdAtMs) as string,
      startedAt: toIso(startedAtMs),
      endedAt: toIso(endedAtMs),
      progress: this.#runLetters.progress,
    };
  }
}

/**
 * How a sent letter stands in its run.
 * @param sentForMs how long ago it was sent
 */
function toLetterStatus(letter: Standing | undefined, runId: string, sentForMs: number): LetterStatus {
  if (!letter) return "skipped";
  if (letter.state === "resolved") return letter.outcome ?? "applied";
  if (letter.state !== "replaying") return "failed";
  if (letter.runId !== runId) return "skipped";
  return sentForMs > RESEND_MS ? "waiting" : "sent";
}
