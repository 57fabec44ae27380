import { fill, type Item, itemsOf } from "../ask/items.ts";
import { askWhole } from "../ask/pages.ts";
import { type Side, SideError, StoppedError } from "../ask/side.ts";
import { compareOutcomes } from "../compare/compare.ts";
import type { SideName } from "../plan/plan.ts";
import { ruleFinder } from "../settings/ignore.ts";
import type { DocumentPlan, Parity } from "../settings/load.ts";
import { type CleanWindow, cleanWindow } from "./clean.ts";
import { Ledger } from "./ledger.ts";
import { ControlTally } from "./noise.ts";
import type { RunState } from "./state.ts";

export type Progress = {
  readonly step: "items" | "control" | "round" | "again" | "away";
  readonly done: number;
  readonly total: number | null;
  /** The round, of a run that watches. */
  readonly round: number;
};

export type RunDeps = {
  readonly sides: Readonly<Record<SideName, Side>>;
  readonly now: () => number;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Ctrl-C: what is asked is compared, and nothing more is asked. */
  readonly stopped: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  readonly save: (state: RunState) => Promise<void>;
  /** After each round of a run that watches. */
  readonly onRound: () => void;
};

export type RunOptions = {
  /** Of each group of items. */
  readonly sample: number | undefined;
  /** Only these ids. */
  readonly ids: readonly string[];
  /** Until nothing has differed for so long. Without it, one round. */
  readonly untilCleanMs: number | undefined;
  /** Then it ends, clean or not. */
  readonly atMostMs: number | undefined;
};

/** Why a run has ended. */
export type Ending = "done" | "clean" | "stopped" | "time is up";

const SAVE_MS = 5_000;
/** A break between two rounds that is longer than the pause and this: nobody knows what differed in it. */
const MAX_BREAK_MS = 60_000;

/** A comparison of two sides, from its beginning or from the state that an earlier one has left. */
export class Run {
  readonly ledger: Ledger;
  readonly control: ControlTally;
  /** As of the last whole round. */
  lastClean: CleanWindow | null = null;
  readonly #parity: Parity;
  readonly #options: RunOptions;
  readonly #deps: RunDeps;
  readonly #ruleFor: ReturnType<typeof ruleFinder>;
  readonly #base: RunState["requests"];
  /** When the run before this one saved its state for the last time. */
  readonly #leftMs: number;
  #state: RunState;
  #saved: Promise<void> = Promise.resolve();

  constructor(parity: Parity, state: RunState, { options, deps }: { options: RunOptions; deps: RunDeps }) {
    [this.#parity, this.#state, this.#options, this.#deps] = [parity, state, options, deps];
    this.#ruleFor = ruleFinder(parity.settings.ignore);
    [this.#base, this.#leftMs] = [state.requests, state.savedMs];
    this.ledger = new Ledger({ salt: state.salt, ruleFor: this.#ruleFor }, state.ledger);
    this.control = new ControlTally(state.control);
  }

  /** @throws SideError, ListError or ShapeError; the state is saved before */
  async run(): Promise<Ending> {
    // A state that cannot be written is found out now, and not after an hour.
    await this.#save();
    try {
      await this.#list();
      await this.#runControl();
      return this.#options.untilCleanMs === undefined
        ? await this.#once()
        : await this.#watch(this.#options.untilCleanMs);
    } finally {
      await this.#save();
    }
  }

  state(): RunState {
    const { old, new: newer } = this.#deps.sides;
    const { old: ofOld, new: ofNew, again } = this.#base;
    return {
      ...this.#state,
      savedMs: this.#deps.now(),
      control: this.control.all(),
      requests: {
        old: ofOld + old.requests.made,
        new: ofNew + newer.requests.made,
        again: again + old.requests.again + newer.requests.again,
      },
      ledger: this.ledger.snapshot(),
    };
  }

  async #list(): Promise<void> {
    const { settings, documents, textOf, readFile } = this.#parity;
    for (const group of new Set(documents.map(({ items }) => items))) {
      const spec = settings.items[group];
      if (!spec || this.#state.items[group] || this.#isStopped) continue;
      const wanted = this.#options.ids;
      const ask = (side: SideName) => (question: Parameters<Side["ask"]>[0]) => this.#deps.sides[side].ask(question);
      const onPage = (pages: number) => this.#report("items", pages, null);
      const sampling = {
        seed: settings.seed,
        sample: wanted.length > 0 ? Number.MAX_SAFE_INTEGER : this.#options.sample,
      };
      const all = await itemsOf(spec, sampling, { readFile, textOf, ask, onPage });
      const items = all.filter(({ id }) => wanted.length === 0 || wanted.includes(id));
      this.#state = { ...this.#state, items: { ...this.#state.items, [group]: items.map((each) => ({ ...each })) } };
    }
  }

  /** Asks the old side for some items twice, and compares what it says with itself. */
  async #runControl(): Promise<void> {
    const jobs = this.#parity.documents.flatMap((document) => {
      const begun = this.#state.controlled[document.name] ?? 0;
      return this.#itemsOf(document)
        .slice(begun, this.#parity.settings.control)
        .map((item) => ({ document, item }));
    });
    await this.#each("control", jobs, async ({ document, item }) => {
      const [first, second] = [await this.#ask("old", document, item), await this.#ask("old", document, item)];
      this.control.add(document.name, compareOutcomes(document.self, first, second));
      const { controlled } = this.#state;
      this.#state = {
        ...this.#state,
        controlled: { ...controlled, [document.name]: (controlled[document.name] ?? 0) + 1 },
      };
    });
  }

  async #once(): Promise<Ending> {
    await this.#round();
    const { times, after } = this.#parity.settings.askAgain;
    while (!this.#isStopped && this.#state.again < times && this.ledger.openCount > 0) {
      await this.#deps.sleep(after, this.#deps.stopped);
      if (this.#isStopped) break;
      await this.#askAgain();
      if (!this.#isStopped) this.#state = { ...this.#state, again: this.#state.again + 1 };
    }
    return this.#isStopped ? "stopped" : "done";
  }

  async #watch(untilCleanMs: number): Promise<Ending> {
    const { every } = this.#parity.settings;
    const endsMs = this.#deps.now() + (this.#options.atMostMs ?? Number.POSITIVE_INFINITY);
    if (this.#deps.now() - this.#leftMs > every + MAX_BREAK_MS) this.#forgetRounds();
    for (;;) {
      if (await this.#isWholeRound()) {
        // Each item was asked for when the round began, or later.
        const { round, roundBeganMs, observedMs } = this.#state;
        const window: [number, number] = [observedMs?.[0] ?? roundBeganMs, roundBeganMs];
        this.#state = { ...this.#state, round: round + 1, done: {}, observedMs: window };
        await this.#save();
        this.#deps.onRound();
      }
      const clean = this.cleanWindow();
      this.lastClean = clean;
      if (this.#isStopped) return "stopped";
      if (clean && clean.toMs - clean.fromMs >= untilCleanMs) return "clean";
      if (this.#deps.now() >= endsMs) return "time is up";
      await this.#deps.sleep(Math.min(every, Math.max(0, endsMs - this.#deps.now())), this.#deps.stopped);
      if (this.#isStopped) return "stopped";
    }
  }

  /** What differed between the rounds before and the next one, nobody knows. */
  #forgetRounds(): void {
    this.#state = { ...this.#state, observedMs: null, done: {} };
  }

  /** @returns false if it was stopped, or a side was away in it; the next round may find it again */
  async #isWholeRound(): Promise<boolean> {
    try {
      await this.#round();
      return !this.#isStopped;
    } catch (error) {
      // One that has not been there from the beginning is another server, or none.
      if (!(error instanceof SideError) || error.isRefusal || this.#state.round === 1) throw error;
      this.#forgetRounds();
      this.#report("away", 0, null);
      return false;
    }
  }

  cleanWindow(): CleanWindow | null {
    const { observedMs } = this.#state;
    return observedMs && cleanWindow(this.ledger, observedMs);
  }

  /** Compares every item once, those excepted that this round has compared before it was stopped. */
  async #round(): Promise<void> {
    if (Object.keys(this.#state.done).length === 0) {
      this.ledger.beginRound();
      this.#state = { ...this.#state, roundBeganMs: this.#deps.now() };
    }
    const jobs = this.#parity.documents.flatMap((document) => {
      const done = new Set(this.#state.done[document.name]);
      return this.#itemsOf(document).flatMap((item, index) => (done.has(index) ? [] : { document, item, index }));
    });
    await this.#each("round", jobs, async ({ document, item, index }) => {
      await this.#compare(document, item, true);
      const { [document.name]: done = [] } = this.#state.done;
      done.push(index);
      this.#state.done[document.name] = done;
    });
  }

  async #askAgain(): Promise<void> {
    const open = new Set(this.ledger.open().map(({ document, id }) => `${document}\u0000${id}`));
    const jobs = this.#parity.documents.flatMap((document) =>
      this.#itemsOf(document).flatMap((item) =>
        open.has(`${document.name}\u0000${item.id}`) ? { document, item } : [],
      ),
    );
    await this.#each("again", jobs, ({ document, item }) => this.#compare(document, item, false));
  }

  /** Where the sides differ for the first time, the old one is asked at once whether it agrees with itself. */
  async #compare(document: DocumentPlan, item: Item, isCounted: boolean): Promise<void> {
    const { name, plan, self } = document;
    const [old, newer] = await Promise.all([this.#ask("old", document, item), this.#ask("new", document, item)]);
    const observation = { document: name, id: item.id, atMs: this.#deps.now() };
    const compared = compareOutcomes(plan, old, newer);
    const known = this.ledger.of(name, item.id);
    const isNews = compared.some(
      ({ kind, at, field }) =>
        kind !== "match" &&
        kind !== "error" &&
        !known.has(at) &&
        this.#ruleFor({ document: name, field, id: item.id }) === undefined,
    );
    const again = isNews ? await this.#ask("old", document, item) : undefined;
    const later = again?.kind === "answered" ? compareOutcomes(plan, again, newer) : undefined;
    const agrees = new Set(later?.flatMap(({ at, kind }) => (kind === "match" ? at : [])));
    const changed = again && later ? compareOutcomes(self, old, again) : [];
    // One that now has what the new side had has caught up, and is not at odds with itself.
    const noisy = new Set(
      changed.flatMap(({ at, kind }) => (kind === "match" || kind === "error" || agrees.has(at) ? [] : at)),
    );
    const isNoise = ({ at, field }: { at: string; field: string }) =>
      noisy.has(at) || this.control.isNoisy(name, field);
    this.ledger.observe({ ...observation, compared, isCounted, isNoise });
    if (later)
      this.ledger.observe({ ...observation, atMs: this.#deps.now(), compared: later, isCounted: false, isNoise });
  }

  #ask(name: SideName, { requests }: DocumentPlan, item: Item) {
    const { text, variables: templates, pages } = requests[name];
    const entries = Object.entries(templates).map(([variable, each]) => [variable, fill(each, item)]);
    const side = this.#deps.sides[name];
    return askWhole((question) => side.ask(question), { text, variables: Object.fromEntries(entries) }, pages);
  }

  /** Does jobs side by side, as many as the sides take, until all are done or the run is stopped. */
  async #each<T>(step: Progress["step"], jobs: readonly T[], work: (job: T) => Promise<void>): Promise<void> {
    const { old, new: newer } = this.#parity.sides;
    let [next, done, failed] = [0, 0, false];
    const worker = async () => {
      while (next < jobs.length && !this.#isStopped && !failed) {
        const job = jobs[next++] as T;
        try {
          await work(job);
        } catch (error) {
          // It is asked for again when the run goes on.
          if (error instanceof StoppedError) return;
          failed = true;
          throw error;
        }
        this.#report(step, ++done, jobs.length);
        if (this.#deps.now() - this.#state.savedMs >= SAVE_MS) await this.#save();
      }
    };
    const workers = Array.from({ length: Math.max(old.inFlight, newer.inFlight) }, worker);
    const [failure] = (await Promise.allSettled(workers)).filter((each) => each.status === "rejected");
    if (failure) throw failure.reason;
  }

  #itemsOf = ({ items }: DocumentPlan): readonly Item[] => this.#state.items[items] ?? [];

  #report(step: Progress["step"], done: number, total: number | null): void {
    this.#deps.onProgress({ step, done, total, round: this.#state.round });
  }

  /** One after the other: the later state has all that the earlier one has. */
  #save(): Promise<void> {
    this.#state = { ...this.#state, savedMs: this.#deps.now() };
    const saved = this.#saved.then(() => this.#deps.save(this.state()));
    this.#saved = saved.catch(() => undefined);
    return saved;
  }

  get #isStopped(): boolean {
    return this.#deps.stopped.aborted;
  }
}
