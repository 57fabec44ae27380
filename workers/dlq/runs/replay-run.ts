import { DurableObject } from "cloudflare:workers";
import type { Plan, Run, RunState } from "../../../src/shared/desk/api.ts";
import { type Parcel, packParcels } from "../../../src/shared/queue/parcel.ts";
import { AuditRepository } from "../../../src/shared/repositories/audit.ts";
import { DeadLetterRepository, type Standing } from "../../../src/shared/repositories/dead-letter.ts";
import { ReplayRunRepository } from "../../../src/shared/repositories/replay-run.ts";
import { type LetterStatus, RunLetters } from "../../../src/shared/repositories/run-letters.ts";
import { faultOf, log } from "../../../src/shared/telemetry/log.ts";
import type { MetricsSink } from "../../../src/shared/telemetry/metrics.ts";
import { type MetricsNamespace, shardOf, shardsOf } from "../../../src/shared/telemetry/shards.ts";
import type { MetricsObject } from "../metrics/metrics-object.ts";
import { replayedRecordOf, sendLetters } from "../replay.ts";
import { DEFAULT_PACE, nextStep, type Pace } from "./pace.ts";

/** What a planned run is made of. */
export type PlannedRun = {
  readonly id: string;
  readonly plan: Plan;
  /** The letters it is going to replay, frozen. */
  readonly letterIds: readonly string[];
  readonly hash: string;
  /** The Worker version that the plan was made by: another may judge differently. */
  readonly workerVersion: string;
  readonly force: boolean;
  readonly actor: string;
  readonly nowMs: number;
};

export type StartOrder = Pace & { readonly hash: string; readonly name: string; readonly workerVersion: string };

/** What became of an order: the run as it is then, or why it was not followed. */
export type Ordered =
  | { readonly kind: "ok"; readonly run: Run }
  | { readonly kind: "unknown" }
  | { readonly kind: "plan_changed"; readonly message: string }
  | { readonly kind: "wrong_state"; readonly state: RunState };

/** The bindings that a run works with. */
type RunEnv = {
  readonly DB: D1Database;
  readonly EVENTS: Queue<Parcel>;
  readonly METRICS: MetricsNamespace<MetricsSink & Pick<MetricsObject, "lastHour">>;
};

type Stored = Omit<PlannedRun, "letterIds" | "nowMs"> &
  Pace & {
    readonly name: string | null;
    readonly state: RunState;
    readonly why: string | null;
    readonly createdAtMs: number;
    readonly startedAtMs: number | null;
    readonly endedAtMs: number | null;
  };

/** Between two steps of a run. Its rate is a second's. */
const STEP_MS = 1_000;
/** After a fault of D1 or the queue. Ours. */
const REST_MS = 5_000;
/** A plan says what is; an old one says what was. Ours. */
const PLAN_LIFE_MS = 3_600_000;
/** After this long without a word a letter is sent again, which at worst makes a duplicate. Ours. */
const RESEND_MS = 60_000;

/**
 * A replay of many letters: paced, stopped by its own failures, and going on where it was when it is killed. What is
 * sent is claimed in D1 first and written down here second, so that whatever dies in between, no letter is left out
 * and none is sent by two runs.
 */
export class ReplayRun extends DurableObject<RunEnv> {
  readonly #letters = new DeadLetterRepository(this.env.DB);
  readonly #runLetters = new RunLetters(this.ctx.storage.sql);
  readonly #runs = new ReplayRunRepository(this.env.DB);
  readonly #audit = new AuditRepository(this.env.DB);

  async plan({ letterIds, nowMs, ...planned }: PlannedRun): Promise<Run> {
    this.#runLetters.add(letterIds);
    const nothing = { name: null, why: null, startedAtMs: null, endedAtMs: null };
    return this.#keep({ ...planned, ...DEFAULT_PACE, ...nothing, state: "planned", createdAtMs: nowMs });
  }

  async read(): Promise<Run | null> {
    const stored = this.#stored;
    return stored ? this.#runOf(stored) : null;
  }

  async start({ hash, workerVersion, ...order }: StartOrder): Promise<Ordered> {
    const stored = this.#stored;
    if (!stored) return { kind: "unknown" };
    if (stored.state !== "planned") return { kind: "wrong_state", state: stored.state };
    const changed =
      hash !== stored.hash
        ? "This is not the hash of the plan."
        : workerVersion !== stored.workerVersion
          ? "The Worker was deployed anew since the plan was made, and may judge differently."
          : Date.now() - stored.createdAtMs > PLAN_LIFE_MS
            ? "The plan is older than an hour."
            : undefined;
    if (changed) return { kind: "plan_changed", message: changed };
    return this.#go({ ...stored, ...order, state: "running", startedAtMs: Date.now() });
  }

  async pause(): Promise<Ordered> {
    return this.#order(["running"], (stored) => this.#stop(stored, "paused", "an operator paused it"));
  }

  async resume(): Promise<Ordered> {
    return this.#order(["paused"], (stored) => this.#go({ ...stored, state: "running", why: null }));
  }

  /** What is on its way comes to its end; nothing more is sent. */
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
      // The platform tries an alarm again a few times only; a run waits for as long as it takes.
      log("error", "run.step_failed", { runId: stored.id, ...faultOf(thrown) });
      await this.#goOn("D1 or the queue is out of reach; it goes on by itself", REST_MS, false);
    }
  }

  async #step(stored: Stored): Promise<void> {
    await this.#collect(stored.id);
    const inFlight = await this.#recordsInFlight();
    const step = nextStep(stored, this.#runLetters.progress, inFlight);
    // It may have been stopped while we waited.
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
        return this.#goOn(step.why);
      case "send":
        return this.#goOn(await this.#send(now, step.atMost));
      default:
        step satisfies never;
    }
  }

  /** To the next step, unless somebody has stopped it meanwhile: whoever waits for D1 or the queue is not alone here. */
  async #goOn(why: string | null, delayMs = STEP_MS, isTold = true): Promise<void> {
    const now = this.#stored;
    if (now?.state !== "running") return;
    await this.ctx.storage.setAlarm(Date.now() + delayMs);
    if (isTold) await this.#keep({ ...now, why });
    else this.#put({ ...now, why });
  }

  /** Looks up what became of the letters that are on their way. */
  async #collect(runId: string): Promise<void> {
    const sent = this.#runLetters.withStatus("sent", Number.MAX_SAFE_INTEGER);
    const known = new Map((await this.#letters.standingOf(sent.map(({ id }) => id))).map((each) => [each.id, each]));
    const nowMs = Date.now();
    for (const { id, sentAtMs } of sent) {
      const status = statusOf(known.get(id), runId, nowMs - sentAtMs);
      if (status !== "sent") this.#runLetters.mark([id], status);
    }
  }

  /** @returns why less than that was sent, if so */
  async #send({ id: runId, force }: Stored, atMost: number): Promise<string | null> {
    const ids = this.#runLetters.withStatus("waiting", atMost).map(({ id }) => id);
    const claim = { runId, nowMs: Date.now(), force };
    const deps = { letters: this.#letters, events: this.env.EVENTS, metrics: shardOf(this.env.METRICS) };
    const { kept } = await sendLetters(deps, ids, {
      claim,
      parcelsOf: (letters) => packParcels(letters.map(replayedRecordOf)),
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
    return kept.length > 0 ? "D1 or the queue is out of reach; it goes on by itself" : null;
  }

  /** By the last hour's counts, so that one that was lost does not hold up every run from then on. */
  async #recordsInFlight(): Promise<number> {
    const hours = await Promise.all(shardsOf(this.env.METRICS).map((shard) => shard.lastHour()));
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
    return { kind: "ok", run: await this.#keep(stored) };
  }

  async #stop(stored: Stored, state: "paused" | "canceled", why: string | null): Promise<Ordered> {
    await this.ctx.storage.deleteAlarm();
    return { kind: "ok", run: await this.#keep({ ...stored, state, why }) };
  }

  /** Its last word is written before it is done, so that a fault in between has the step repeated. */
  async #end(stored: Stored): Promise<void> {
    await this.#audit.add({
      atMs: Date.now(),
      actor: stored.actor,
      role: "desk",
      action: "run.end",
      target: stored.id,
      after: this.#runLetters.progress,
    });
    await this.#keep(stored);
  }

  get #stored(): Stored | undefined {
    return this.ctx.storage.kv.get<Stored>("run");
  }

  #put(stored: Stored): void {
    this.ctx.storage.kv.put("run", stored);
  }

  /** Here first, where it counts, and in D1 for whoever lists runs. */
  async #keep(stored: Stored): Promise<Run> {
    this.#put(stored);
    const run = this.#runOf(stored);
    await this.#runs.save(run);
    return run;
  }

  #runOf(stored: Stored): Run {
    const { force: _, workerVersion: __, createdAtMs, startedAtMs, endedAtMs, ...run } = stored;
    return {
      ...run,
      createdAt: isoOf(createdAtMs) as string,
      startedAt: isoOf(startedAtMs),
      endedAt: isoOf(endedAtMs),
      progress: this.#runLetters.progress,
    };
  }
}

/** @param sentForMs how long ago it was sent */
function statusOf(letter: Standing | undefined, runId: string, sentForMs: number): LetterStatus {
  if (!letter) return "skipped";
  if (letter.state === "resolved") return letter.outcome ?? "applied";
  if (letter.state !== "replaying") return "failed";
  if (letter.runId !== runId) return "skipped";
  return sentForMs > RESEND_MS ? "waiting" : "sent";
}

const isoOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
