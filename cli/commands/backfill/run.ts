import { setFlagsFromString } from "node:v8";
import { type Prepared, prepareBackfill } from "../../../backfill/prepare.ts";
import { FaultGroups } from "../../../backfill/run/fault-groups.ts";
import { Pace } from "../../../backfill/run/pace.ts";
import { type RunSettings, runBackfill, type Target } from "../../../backfill/run/run.ts";
import { findGaps, sumOf } from "../../../backfill/run/tally.ts";
import { boundary } from "../../../bridge/delivery/boundary.ts";
import { defineCommand } from "../../command/command.ts";
import { UsageError } from "../../command/usage-error.ts";
import { EXIT, ExitError } from "../../exit-error.ts";
import { platformUrl } from "../../ops/platform.ts";
import { counted } from "../../terminal/counted.ts";
import { outputOf } from "../../terminal/output.ts";
import { Progress } from "../../terminal/progress.ts";
import type { Terminal } from "../../terminal/terminal.ts";
import { authorizationFor } from "./credential.ts";
import { exitFor } from "./exit.ts";
import { progressNote } from "./progress-note.ts";
import { type Report, reportLines } from "./report.ts";

const DEFAULT_STATE = "backfill.state.json";
const DEFAULT_FAULTS = "backfill.faults.ndjson";
const DEFAULT_REQUESTS = 4;
const DEFAULT_CHUNK_ROWS = 4_000;
/** Of one request. */
const REQUEST_RECORDS = 500;
const TIMEOUT_MS = 60_000;

export const runFolder = defineCommand({
  details:
    "The state file remembers what the platform has answered for. A run that was killed goes on where it was: call the\n" +
    "same command again. Rows that are sent twice change nothing. Bad rows become dead letters that name file and line,\n" +
    "and are written to the file of faults, which holds personal data as the unload does.\n" +
    "CONCORD_CREDENTIAL is what `concord credential` has printed; a local platform needs none.\n" +
    "Ctrl-C ends the run when the rows that are being sent are done; a second one ends it at once.\n" +
    "\n" +
    "Exit codes: 0 all rows are good, 1 cannot go on, 2 the call or the mapping cannot work, 3 there are no files,\n" +
    "4 rows are bad or it was interrupted, 6 the state is of another backfill.",
  arguments: { folder: { summary: "Folder with the files that the warehouse has unloaded" } },
  options: {
    mapping: { value: "file", summary: "Mapping from rows to events: YAML, or a TypeScript module" },
    "dry-run": { summary: "Send nothing, and show what would be sent, with examples of each fault" },
    limit: { value: "rows", summary: "Stop after so many rows" },
    rate: { value: "events", summary: "Events a second, at most (default as many as the platform takes)" },
    requests: { value: "count", summary: `Requests at the same time (default ${DEFAULT_REQUESTS})` },
    "chunk-rows": { value: "rows", summary: `Rows between two states (default ${DEFAULT_CHUNK_ROWS})` },
    state: { value: "file", summary: `State file (default ${DEFAULT_STATE})` },
    faults: { value: "file", summary: `File of faults (default ${DEFAULT_FAULTS})` },
    restart: { summary: "Begin anew, whatever the state file says" },
    url: { value: "url", summary: "Address of the platform (default CONCORD_URL, else http://127.0.0.1:8787)" },
    json: { summary: "Print the summary as JSON" },
  },
  examples: [
    "concord backfill run ./unload --mapping mapping.yaml --dry-run",
    "concord backfill run ./unload --mapping mapping.yaml --limit 1000",
    "concord backfill run ./unload --mapping mapping.yaml --rate 2000",
  ],
  run: async (input, terminal) => {
    const { folder, mapping, state: statePath = DEFAULT_STATE, faults: faultsPath = DEFAULT_FAULTS } = input;
    if (!mapping) throw new UsageError("--mapping is required; `concord backfill inspect FILE` writes a first one");
    const isDry = input["dry-run"] === true;
    const settings: RunSettings = {
      limit: wholeNumber("limit", input.limit) ?? Number.POSITIVE_INFINITY,
      requests: wholeNumber("requests", input.requests) ?? DEFAULT_REQUESTS,
      chunkRows: wholeNumber("chunk-rows", input["chunk-rows"]) ?? DEFAULT_CHUNK_ROWS,
      records: REQUEST_RECORDS,
    };
    const rate = wholeNumber("rate", input.rate) ?? Number.POSITIVE_INFINITY;
    const url = platformUrl(input.url, terminal.env);
    const waiting = new Waiting(terminal.now);
    const targetOf = (): Target => {
      if (isDry) return { kind: "dry" };
      const authorization = authorizationFor(url, terminal.env);
      const send = boundary({
        ...{ url, authorization: () => authorization, compression: "gzip", timeoutMs: TIMEOUT_MS },
        headers: { "X-Concord-Lane": "backfill" },
      });
      const pace = new Pace(rate, terminal);
      return { kind: "boundary", send, pace, statePath, faultsPath, onRetry: waiting.note };
    };
    // Rows live for a moment. V8 would let two to three times as much of them pile up, to save a sixth of the time.
    setFlagsFromString("--optimize-for-size");
    try {
      const target = targetOf();
      const order = { folder, mappingPath: mapping, url: url.href, restart: input.restart === true };
      const prepared = await prepareBackfill({ ...order, statePath: isDry ? undefined : statePath });
      const report = await execute(prepared, { settings, target, waiting, isJson: input.json === true }, terminal);
      const { output } = outputOf(terminal);
      if (input.json) output.json(JSON.stringify(report));
      else for (const line of reportLines(report, { isDry, faultsPath, paint: terminal.paint })) output.line(line);
      conclude(report, isDry, settings);
    } catch (error) {
      throw exitFor(error as Error);
    }
  },
});

type Execution = {
  readonly settings: RunSettings;
  readonly target: Target;
  readonly waiting: Waiting;
  readonly isJson: boolean;
};

async function execute(prepared: Prepared, execution: Execution, whole: Terminal): Promise<Report> {
  const { files, state, lookupProblems } = prepared;
  const { settings, target, waiting, isJson } = execution;
  const { terminal } = outputOf(whole);
  const isDry = target.kind === "dry";
  for (const problem of lookupProblems.slice(0, 10)) terminal.note(`a row of a lookup cannot be used: ${problem}`);
  if (prepared.isResumed) terminal.note(`going on behind ${counted(state.tally.rows, "row")} of runs before`);
  const progress = new Progress(isJson ? undefined : terminal.screen, terminal.now);
  const groups = new FaultGroups();
  const examples: Record<string, unknown> = {};
  const rowsBefore = state.tally.rows;
  const bytesBefore = state.files.reduce((sum, { isDone, bytes }) => sum + (isDone ? bytes : 0), 0);
  const startedMs = terminal.now();
  const stop = new AbortController();
  const ignoreInterrupt = terminal.onInterrupt(() => {
    terminal.note("\nending when the rows that are being sent are done; Ctrl-C again ends at once");
    stop.abort();
  });
  try {
    await runBackfill(
      files,
      state,
      settings,
      {
        target,
        now: terminal.now,
        see: ({ topic, value }, fault) => {
          if (fault) groups.add(fault);
          else if (isDry) examples[topic] ??= JSON.parse(value);
        },
        onProgress: ({ rows, bytesRead, bytes }) => {
          const ms = terminal.now() - startedMs;
          const note = progressNote({ rows: rows - rowsBefore, bytesRead, bytes, bytesBefore, ms });
          progress.show(Math.floor(bytesRead / 1_000), Math.ceil(bytes / 1_000), `kB, ${note}${waiting.text()}`);
        },
      },
      stop.signal,
    );
  } finally {
    ignoreInterrupt();
    progress.end();
  }
  return {
    tally: state.tally,
    faults: groups.list(),
    gaps: findGaps(state.tally, !isDry),
    isComplete: state.files.every(({ isDone }) => isDone),
    ...(isDry && { examples }),
    rows: state.tally.rows - rowsBefore,
    seconds: (terminal.now() - startedMs) / 1_000,
  };
}

/** Why the platform is being waited for, for as long as that is of interest. */
class Waiting {
  readonly #now: () => number;
  #text = "";
  #untilMs = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  readonly note = (reason: string, waitMs: number): void => {
    this.#text = `; waiting for the platform: ${reason}`;
    this.#untilMs = this.#now() + waitMs + 5_000;
  };

  text(): string {
    return this.#now() < this.#untilMs ? this.#text : "";
  }
}

/** @throws ExitError for what a script has to know */
function conclude({ tally, gaps, isComplete, rows }: Report, isDry: boolean, { limit }: RunSettings): void {
  const bad = sumOf(tally.bad);
  if (gaps.length > 0) throw new ExitError(EXIT.fault, `not everything adds up: see above`);
  if (!isComplete && rows < limit)
    throw new ExitError(EXIT.failures, "it is not complete. The same command goes on where it has stopped");
  if (bad > 0 && isDry)
    throw new ExitError(
      EXIT.failures,
      `${counted(bad, "row")} would be dead letters. Correct the mapping or the source`,
    );
  if (bad > 0)
    throw new ExitError(EXIT.failures, `${counted(bad, "row")} became dead letters; all others are with the platform`);
}

function wholeNumber(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,11}$/.test(text)) throw new UsageError(`--${option} has to be a whole number above 0`);
  return Number(text);
}
