import { randomBytes } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { ListError } from "../../parity/ask/items.ts";
import { Side, SideError } from "../../parity/ask/side.ts";
import { ShapeError } from "../../parity/plan/path.ts";
import { fieldNames } from "../../parity/plan/plan.ts";
import { buildReport } from "../../parity/report/build.ts";
import { reportHtml } from "../../parity/report/html.ts";
import type { Report } from "../../parity/report/schema.ts";
import { reportLines } from "../../parity/report/terminal.ts";
import { headline } from "../../parity/report/words.ts";
import { Run, type Progress as Step } from "../../parity/run/run.ts";
import { newState, type RunState, readState, removeState, writeState } from "../../parity/run/state.ts";
import { loadParity, type Parity } from "../../parity/settings/load.ts";
import { SPAN_FORM, spanMs, spanText } from "../../parity/span.ts";
import { defineCommand } from "../command/command.ts";
import { UsageError } from "../command/usage-error.ts";
import { EXIT, ExitError } from "../exit-error.ts";
import { outputOf, type QuietTerminal } from "../terminal/output.ts";
import { Progress } from "../terminal/progress.ts";
import { formatTime } from "../terminal/times.ts";

const DEFAULT_CONFIG = "parity.yaml";

export const parity = defineCommand({
  details:
    "Asks both systems for the same items, maps what they answer, and compares it field by field. What the old\n" +
    "system answers at random is found by asking it twice, and left out. A difference is a lag only if it is\n" +
    "proved: asked again, both have what the new one had. `concord guide parity` explains the file and the verdicts.\n" +
    "Exit code: 0 if nothing differs, 4 if something does, 1 if something could not be compared.",
  options: {
    config: { value: "file", summary: `What is compared, and how (default ${DEFAULT_CONFIG})` },
    "old-url": { value: "url", summary: "GraphQL endpoint of the old system, in place of the file's" },
    "new-url": { value: "url", summary: "GraphQL endpoint of the new system, in place of the file's" },
    document: { value: "name", repeats: true, summary: "Compare only this document of the file" },
    id: { value: "id", repeats: true, summary: "Compare only this item" },
    sample: { value: "count", summary: "Items of each group that are drawn, in place of the file's" },
    seed: { value: "number", summary: "Which items are drawn, in place of the file's" },
    "until-clean": { value: "span", summary: "Compare again and again until nothing has differed for so long: 60m" },
    "at-most": { value: "span", summary: "With --until-clean: give up after this time" },
    html: { value: "file", summary: "Write a report for people, in one file; with --until-clean after each round" },
    json: { summary: "Print the report as JSON" },
    state: { value: "file", summary: "Where a stopped run is kept (default: beside the file of --config)" },
    fresh: { summary: "Begin anew, though a stopped run is kept" },
    "dry-run": { summary: "Check the file and show what would be compared, without a request" },
  },
  examples: [
    "concord parity --sample 200 --html report.html",
    "concord parity --document device --id elt:E-1042",
    "concord parity --until-clean 60m --at-most 8h --html report.html",
  ],
  run: async (input, whole) => {
    const { terminal, output } = outputOf(whole);
    const { config = DEFAULT_CONFIG, html, json } = input;
    const options = {
      sample: countOf("sample", input.sample),
      ids: input.id ?? [],
      untilCleanMs: spanOf("until-clean", input["until-clean"]),
      atMostMs: spanOf("at-most", input["at-most"]),
    };
    if (options.atMostMs !== undefined && options.untilCleanMs === undefined)
      throw new UsageError("--at-most goes with --until-clean");
    const loaded = loadParity({
      path: config,
      env: terminal.env,
      urls: { old: input["old-url"], new: input["new-url"] },
      only: input.document ?? [],
      seed: countOf("seed", input.seed),
      nowMs: terminal.now(),
    });
    if (input["dry-run"]) return planLines(loaded).forEach(output.line);

    // Found out at the end, it would cost the whole run.
    if (html && !existsSync(dirname(resolve(html)))) throw new UsageError(`--html ${html}: there is no such folder`);
    const statePath = input.state ?? config.replace(/\.ya?ml$/i, "").concat(".state.json");
    const state = stateOf(statePath, loaded, { isFresh: input.fresh === true, options, terminal });
    const write = (report: Report) => html && writeFileSync(html, reportHtml(report));
    const { report, failure } = await follow(loaded, state, {
      config,
      statePath,
      options,
      terminal,
      isJson: json === true,
      write,
    });
    write(report);
    if (json) output.json(JSON.stringify(report));
    else for (const line of reportLines(report, terminal)) output.line(line);
    if (html) terminal.note(`Report: ${html}`);
    if (report.ending === "done" || report.ending === "clean") removeState(statePath);
    else terminal.note(`Kept in ${statePath}: the same command goes on from here, and --fresh begins anew.`);
    if (failure) throw failure;
    requireClean(report);
  },
});

type Options = ConstructorParameters<typeof Run>[2]["options"];
type Following = {
  readonly config: string;
  readonly statePath: string;
  readonly options: Options;
  readonly terminal: QuietTerminal;
  readonly isJson: boolean;
  readonly write: (report: Report) => void;
};

/** Runs to the end, and shows how far it is. After Ctrl-C, or a failure, the report has what was found until then. */
async function follow(
  loaded: Parity,
  state: RunState,
  { config, statePath, options, terminal, isJson, write }: Following,
): Promise<{ report: Report; failure?: ExitError }> {
  const progress = new Progress(isJson && !terminal.screen.isTTY ? undefined : terminal.screen, terminal.now);
  const stopped = new AbortController();
  const stopListening = terminal.onInterrupt(() => stopped.abort());
  const deps = { fetch, now: terminal.now, sleep: terminal.sleep, random: Math.random, stopped: stopped.signal };
  const sides = { old: new Side(loaded.sides.old, deps), new: new Side(loaded.sides.new, deps) };
  const { untilCleanMs } = options;
  const reportAt = (ending: Report["ending"]) =>
    buildReport(loaded, run, { file: config, ending, untilCleanMs, nowMs: terminal.now() });
  const run: Run = new Run(loaded, state, {
    options,
    deps: {
      ...{ sides, now: terminal.now, sleep: terminal.sleep, stopped: stopped.signal },
      save: (next) => writeState(statePath, next),
      onRound: () => write(reportAt("stopped")),
      onProgress: (step) => progress.show(step.done, step.total, noteOf(step, run, untilCleanMs)),
    },
  });
  try {
    return { report: reportAt(await run.run()) };
  } catch (error) {
    return { report: reportAt("stopped"), failure: failureOf(error as Error) };
  } finally {
    progress.end();
    stopListening();
  }
}

function noteOf({ step, round }: Step, run: Run, untilCleanMs: number | undefined): string {
  const open = run.ledger.openCount;
  const differ = open === 0 ? "nothing differs" : `${open} differ`;
  if (step === "items") return "pages of the list of items";
  if (step === "away") return "a side is away; it is asked again, and the clean time begins anew";
  if (step === "control") return "the old side against itself";
  if (untilCleanMs === undefined) return step === "round" ? differ : `asked again, ${differ}`;
  const clean = run.lastClean;
  return `round ${round}, ${differ}, clean for ${spanText(clean ? clean.toMs - clean.fromMs : 0)} of ${spanText(untilCleanMs)}`;
}

/** The run that was stopped, if it is one of the same comparison, or a new one. */
function stateOf(
  path: string,
  { print }: Parity,
  {
    isFresh,
    options,
    terminal,
  }: { readonly isFresh: boolean; readonly options: Options; readonly terminal: QuietTerminal },
): RunState {
  const { sample, ids, untilCleanMs } = options;
  const own = JSON.stringify([print, sample ?? null, ids, untilCleanMs !== undefined]);
  const known = isFresh ? undefined : readState(path);
  if (known === undefined)
    return newState({ print: own, salt: randomBytes(16).toString("base64url"), nowMs: terminal.now() });
  if (known === "unreadable")
    throw new ExitError(
      EXIT.conflict,
      `${path} does not hold a stopped run. Nothing was asked. Name another file with --state, or begin anew with --fresh.`,
    );
  if (known.print !== own)
    throw new ExitError(
      EXIT.conflict,
      `${path} holds a stopped run of another comparison: other addresses, documents, fields, items or options. Nothing was asked. Begin anew with --fresh, or name another file with --state.`,
    );
  terminal.note(
    `Going on with the run of ${formatTime(new Date(known.startedMs).toISOString())}; --fresh begins anew.`,
  );
  return known;
}

function failureOf(error: Error): ExitError {
  if (error instanceof ShapeError) return new ExitError(EXIT.usage, error.message);
  if (error instanceof SideError) return new ExitError(error.isRefusal ? EXIT.forbidden : EXIT.fault, error.message);
  if (error instanceof ListError) return new ExitError(EXIT.fault, error.message);
  throw error;
}

function requireClean(report: Report): void {
  if (report.items.all === 0)
    throw new ExitError(EXIT.nothing, "there is no item to compare. Check items in the file, and --id.");
  if (report.verdict === "clean") return;
  throw new ExitError(report.verdict === "differences" ? EXIT.failures : EXIT.fault, headline(report));
}

/** What would be compared. */
function planLines({ sides, documents, settings }: Parity): string[] {
  const limits = (side: "old" | "new") =>
    `${side}  ${sides[side].url.href}, at most ${sides[side].perSecond} requests a second, ${sides[side].inFlight} at a time`;
  return [
    limits("old"),
    limits("new"),
    ...documents.flatMap(({ name, items, plan }) => [
      "",
      `${name}, for the items of ${items}`,
      ...fieldNames(plan.fields).map((field) => `  ${field}`),
      ...(["old", "new"] as const).flatMap((side) =>
        plan.notCompared[side].length === 0
          ? []
          : `  not compared, though the ${side} document selects it: ${plan.notCompared[side].join(", ")}`,
      ),
    ]),
    ...settings.ignore.map(({ field, reason, until }) => `ignored until ${until}: ${field}, ${reason}`),
  ];
}

function countOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text) || (name === "sample" && Number(text) === 0))
    throw new UsageError(`--${name} has to be a whole number, not ${text}`);
  return Number(text);
}

function spanOf(name: string, text: string | undefined): number | undefined {
  const ms = text === undefined ? undefined : spanMs(text);
  if (text !== undefined && !ms) throw new UsageError(`--${name} has to be ${SPAN_FORM}`);
  return ms;
}
