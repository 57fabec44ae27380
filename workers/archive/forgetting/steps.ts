import { DAYS_PREFIX, RAW_PREFIX, SERIES_PREFIX } from "#archive/names.ts";
import type { DeviceKey } from "#domain/event.ts";
import { quotesOneOf } from "#domain/quotes.ts";
import { REDACTED } from "#domain/redacted.ts";
import { compareText } from "#domain/version.ts";
import { LetterForgetting } from "#letters/repositories/letter-forgetting.ts";
import type { ForgetSink } from "#objects/forget.ts";
import type { JobObjectName } from "#ops/archive-api.ts";
import type { ForgetCounts, RewrittenFile } from "#ops/archive-forgetting.ts";
import { entriesOf, ForgettingRepository } from "#repositories/forgetting.ts";
import { redactOperatorsWords } from "#repositories/operators-words.ts";
import type { JobDeps, JobStep } from "../jobs/job-kind.ts";
import { findInDays, rewriteDays } from "./days.ts";
import { removeFolds } from "./folds.ts";
import { ForgettingMemory } from "./memory.ts";
import { certificateOf, putCertificate, putRequest, shareEntries } from "./notes.ts";
import { findInRaw, rewriteRaw } from "./raw.ts";
import { type Subject, subjectOf } from "./redact-archived.ts";
import { rewriteSeries } from "./series.ts";
import { type ForgetRequest, type ForgettingState, PHASES, withCounts } from "./state.ts";

/** Devices that one step redacts in D1, or asks for in objects: each takes several calls. Ours. */
const DEVICES_A_STEP = 50;
const AUDIT_ENTRIES_A_STEP = 500;
const WORDS_A_STEP = 500;
const ROWS_AT_ONCE = 1_000;

/** Objects in which jobs note what is personal. */
const OTHER_JOBS = ["verification", "rebuild"] as const satisfies readonly JobObjectName[];

type Step = Promise<JobStep<ForgettingState>>;

/** One step of a request. */
export async function stepOf(state: ForgettingState, request: ForgetRequest, deps: JobDeps): Step {
  const job = new Job(state, request, deps);
  switch (state.phase) {
    case "note":
      return job.note();
    case "find":
      return job.find();
    case "share":
      return job.share();
    case "jobs":
      return job.jobs();
    case "rows":
      return job.rows();
    case "search":
      return job.search();
    case "objects":
      return job.objects();
    case "letters":
      return job.letters();
    case "audit":
      return job.audit();
    case "words":
      return job.words();
    case "raw":
    case "days":
    case "series":
      return job.files(state.phase);
    case "folds":
      return job.folds();
    case "wait":
      return job.wait();
    case "certificate":
      return job.certify();
    default:
      return state.phase satisfies never;
  }
}

class Job {
  readonly #state: ForgettingState;
  readonly #request: ForgetRequest;
  readonly #deps: JobDeps;
  readonly #memory: ForgettingMemory;
  readonly #repository: ForgettingRepository;

  constructor(state: ForgettingState, request: ForgetRequest, deps: JobDeps) {
    this.#state = state;
    this.#request = request;
    this.#deps = deps;
    this.#memory = new ForgettingMemory(deps.storage, request.requestId);
    this.#repository = new ForgettingRepository(deps.db);
  }

  /** From the end of this step on no event brings anything back that names the customer. */
  async note(): Step {
    const { customers } = this.#request;
    // Before the tombstone, which has no name: they are what to look for in texts of operators.
    const { texts, records } = await this.#repository.personalOf(customers);
    this.#memory.addTexts(texts);
    await this.#addCurrentDevices();
    await putRequest(this.#deps.bucket, this.#request);
    await this.#noteEverywhere();
    return this.#next({ counts: { databaseRows: records } });
  }

  /** @returns how many of them are new */
  async #addCurrentDevices(): Promise<number> {
    let added = 0;
    for (const customer of this.#request.customers) {
      for (let after = ""; ; ) {
        const keys = await this.#repository.devicesOf(customer, after, ROWS_AT_ONCE);
        added += this.#memory.addDevices(keys);
        const last = keys.at(-1);
        if (last === undefined || keys.length < ROWS_AT_ONCE) break;
        after = last;
      }
    }
    return added;
  }

  /** Devices that the customer had before, and earlier names: the archive has every event that named the customer. */
  async find(): Step {
    const { bucket } = this.#deps;
    const { store, after } = this.#state.scan ?? { store: "raw", after: null };
    const found = await { raw: findInRaw, days: findInDays }[store](bucket, after, this.#subject);
    this.#memory.addDevices(found.devices);
    this.#memory.addTexts(found.texts);
    if (!found.isEnd) return this.#stay({ scan: { store, after: found.after } });
    return store === "raw" ? this.#stay({ scan: { store: "days", after: null } }) : this.#next();
  }

  /** From the end of this step on no earlier event of the customer's devices brings anything back. */
  async share(): Step {
    await this.#noteEverywhere();
    const { pass, hasFoundMore, sharedAtMs, counts } = this.#state;
    const isNews = pass === 1 || hasFoundMore || sharedAtMs === null;
    // Those of an earlier pass are among them.
    const devices = this.#memory.devices.length - counts.devices;
    return this.#next({ counts: { devices }, sharedAtMs: isNews ? this.#deps.nowMs : sharedAtMs });
  }

  async #noteEverywhere(): Promise<void> {
    const entries = this.#entries;
    await shareEntries(this.#deps.bucket, entries);
    for (const database of this.#databases) await database.note(entries);
  }

  /**
   * A verification and a rebuild note live values and folds in their own objects. One that began before the devices were
   * noted ends, and its notes are removed; one that began later has looked up who was forgotten.
   */
  async jobs(): Step {
    const { at, sharedAtMs } = this.#state;
    const name = OTHER_JOBS.find((each) => each === at) ?? OTHER_JOBS[0];
    const noted = sharedAtMs ?? this.#request.requestedAtMs;
    const { removed, isEmpty } = await this.#deps.jobs.getByName(name).forget(noted);
    const next = isEmpty ? (OTHER_JOBS[OTHER_JOBS.indexOf(name) + 1] ?? null) : name;
    return this.#onOrNext(next, { jobNotes: removed });
  }

  async rows(): Step {
    const { keys, last } = this.#someDevices();
    let databaseRows = 0;
    for (const database of this.#databases)
      for (const key of keys) databaseRows += await database.redactDevice(key, this.#request.untilMs);
    return this.#onOrNext(last, { databaseRows });
  }

  /** The index of a database keeps the words of removed texts until it is merged, a bounded part a step. */
  async search(): Step {
    const databases = this.#databases;
    const { at } = this.#state;
    const [index = 0, merges = 0] = typeof at === "string" ? at.split(":").map(Number) : [];
    const isDone = await databases[index]?.mergeSearch(merges === 0);
    if (isDone === false) return this.#stay({ at: `${index}:${merges + 1}` });
    return index + 1 < databases.length ? this.#stay({ at: `${index + 1}:0` }) : this.#next();
  }

  /** The live database, and the one into which a rebuild replays. */
  get #databases(): ForgettingRepository[] {
    const { rebuilt } = this.#deps;
    return [this.#repository, ...(rebuilt ? [new ForgettingRepository(rebuilt)] : [])];
  }

  async objects(): Step {
    const { keys, last } = this.#someDevices();
    const reports = await Promise.all(
      keys.map((key) =>
        (this.#deps.objects.devices.getByName(key) as unknown as ForgetSink).forget(this.#request.untilMs),
      ),
    );
    const objects = reports.filter(({ events, isChanged }) => events > 0 || isChanged).length;
    const historyEvents = reports.reduce((sum, { events }) => sum + events, 0);
    return this.#onOrNext(last, { objects, historyEvents });
  }

  async letters(): Step {
    const after = typeof this.#state.at === "number" ? this.#state.at : 0;
    const { keys, texts } = this.#subject;
    const lookup = { keys, texts, nowMs: this.#deps.nowMs };
    const { last, redacted, emptied } = await new LetterForgetting(this.#deps.db).sweep(after, lookup);
    return this.#onOrNext(last, { lettersRedacted: redacted, lettersEmptied: emptied });
  }

  async audit(): Step {
    const after = typeof this.#state.at === "number" ? this.#state.at : 0;
    const { last, changed } = await this.#repository.redactAudit(this.#memory.texts, {
      after,
      limit: AUDIT_ENTRIES_A_STEP,
    });
    return this.#onOrNext(last, { auditEntries: changed });
  }

  async words(): Step {
    const after = typeof this.#state.at === "string" ? this.#state.at : null;
    const { next, changed } = await redactOperatorsWords(this.#deps.db, {
      texts: this.#memory.texts,
      ids: this.#subject.ids,
      after,
      limit: WORDS_A_STEP,
    });
    return this.#onOrNext(next, { operatorsWords: changed });
  }

  async files(store: "raw" | "days" | "series"): Step {
    const { bucket } = this.#deps;
    const after = typeof this.#state.at === "string" ? this.#state.at : null;
    // Compaction writes no file while this job is at work, so the second time only raw objects can be new.
    if (store !== "raw" && this.#state.pass === 2 && !this.#state.hasFoundMore) return this.#next();
    const rewrite = { raw: rewriteRaw, days: rewriteDays, series: rewriteSeries }[store];
    const walked = await rewrite(bucket, after, this.#subject, (file) => this.#memory.addFile(file));
    const { state, ...step } = walked.isEnd ? this.#next() : this.#stay({ at: walked.after });
    // Of all that were noted, since a step that is repeated finds only what its death has left.
    return { ...step, state: { ...state, counts: { ...state.counts, ...countsOf(this.#memory.files) } } };
  }

  /** Also the second time: a verification may have been storing one while they were removed the first time. */
  async folds(): Step {
    const after = typeof this.#state.at === "string" ? this.#state.at : null;
    const { last, files } = await removeFolds(this.#deps.bucket, after, this.#subject);
    return this.#onOrNext(last, { foldFiles: files });
  }

  async wait(): Step {
    const { waitMs: length, pass, hasFoundMore, sharedAtMs } = this.#state;
    if (pass === 2 && !hasFoundMore) return this.#next();
    const untilMs = (sharedAtMs ?? this.#request.requestedAtMs) + length;
    if (this.#deps.nowMs < untilMs) return { state: this.#state, isDone: false, waitMs: untilMs - this.#deps.nowMs };
    // Devices that consumers have found meanwhile, and those of a consumer that had looked before.
    const pending = await this.#repository.pending(ROWS_AT_ONCE);
    const own = pending.filter(({ requestId }) => requestId === this.#request.requestId);
    const devices = own.flatMap(({ id }) =>
      id.startsWith("device ") ? [id.slice("device ".length) as DeviceKey] : [],
    );
    const more = this.#memory.addDevices(devices) + (await this.#addCurrentDevices());
    return {
      state: { ...this.#state, phase: "share", pass: 2, at: null, scan: null, hasFoundMore: more > 0 },
      isDone: false,
    };
  }

  async certify(): Step {
    const { completedAtMs } = this.#state;
    // The time is stored before the certificate is written under it, so that a repetition writes the same one.
    if (completedAtMs === null) return this.#stay({ completedAtMs: this.#deps.nowMs });
    const texts = this.#memory.texts;
    const reason = quotesOneOf(this.#request.reason, texts) ? REDACTED : this.#request.reason;
    const request = { ...this.#request, reason };
    await putRequest(this.#deps.bucket, request);
    const { devices, files } = this.#memory;
    const counts = { ...this.#state.counts, devices: devices.length };
    await putCertificate(this.#deps.bucket, certificateOf(request, { devices, files, counts, completedAtMs }));
    await this.#repository.markRedacted(
      this.#entries.map(({ id }) => id),
      completedAtMs,
    );
    this.#memory.clear();
    return { state: { ...this.#state, request }, isDone: true };
  }

  get #entries() {
    const { customers, untilMs, requestId } = this.#request;
    return entriesOf({ customers, devices: this.#memory.devices }, { untilMs, requestId });
  }

  get #subject(): Subject {
    return subjectOf(this.#request, this.#memory.devices, this.#memory.texts);
  }

  #someDevices() {
    const after = typeof this.#state.at === "string" ? this.#state.at : "";
    const left = this.#memory.devices.filter((key) => compareText(key, after) > 0);
    const keys = left.slice(0, DEVICES_A_STEP);
    return { keys, last: left.length > keys.length ? (keys.at(-1) ?? null) : null };
  }

  #onOrNext(last: string | number | null, counts: Partial<ForgetCounts>): JobStep<ForgettingState> {
    return last === null ? this.#next({ counts }) : this.#stay({ at: last, counts });
  }

  #stay({
    counts = {},
    ...more
  }: Partial<Omit<ForgettingState, "counts">> & { readonly counts?: Partial<ForgetCounts> }): JobStep<ForgettingState> {
    return { state: { ...this.#state, ...more, counts: withCounts(this.#state.counts, counts) }, isDone: false };
  }

  #next(
    more: { readonly counts?: Partial<ForgetCounts>; readonly sharedAtMs?: number } = {},
  ): JobStep<ForgettingState> {
    const phase = PHASES[PHASES.indexOf(this.#state.phase) + 1] ?? "certificate";
    return this.#stay({ phase, at: null, scan: null, ...more });
  }
}

const sum = (files: readonly RewrittenFile[]): number => files.reduce((all, { records }) => all + records, 0);

function countsOf(files: readonly RewrittenFile[]): Partial<ForgetCounts> {
  const [raw, days, series] = [RAW_PREFIX, DAYS_PREFIX, SERIES_PREFIX].map((prefix) =>
    files.filter(({ before }) => before.startsWith(prefix)),
  ) as [RewrittenFile[], RewrittenFile[], RewrittenFile[]];
  return {
    ...{ rawObjects: raw.length, rawRecords: sum(raw), dayFiles: days.length, dayRecords: sum(days) },
    ...{ seriesSegments: series.length, seriesLines: sum(series) },
  };
}
