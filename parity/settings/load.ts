import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { nearest } from "../../cli/command/nearest.ts";
import { UsageError } from "../../cli/command/usage-error.ts";
import { readYaml, toIssue } from "../../cli/settings/yaml.ts";
import { namesIn } from "../ask/items.ts";
import type { SideSettings } from "../ask/side.ts";
import { selfPlan } from "../compare/compare.ts";
import type { Json } from "../json.ts";
import { compilePlan } from "../plan/compile.ts";
import { type ComparisonPlan, fieldNames, type SideName, WHOLE } from "../plan/plan.ts";
import { type Selection, selectionOf } from "../plan/selection.ts";
import { headersOf } from "./headers.ts";
import { expiryMs, fieldPattern, fullName } from "./ignore.ts";
import { type DocumentSpec, type ItemsSpec, type PagesSpec, Settings, type TextSpec } from "./schema.ts";

/** A document as it is sent to a side. */
export type Request = {
  readonly text: string;
  readonly variables: Readonly<Record<string, Json>>;
  readonly pages: PagesSpec | undefined;
};

export type DocumentPlan = {
  readonly name: string;
  /** The group of items that it is asked for. */
  readonly items: string;
  readonly plan: ComparisonPlan;
  /** Compares the old side with itself. */
  readonly self: ComparisonPlan;
  readonly requests: Readonly<Record<SideName, Request>>;
};

/** Everything that a run needs to know. */
export type Parity = {
  readonly settings: Settings;
  readonly sides: Readonly<Record<SideName, SideSettings>>;
  readonly documents: readonly DocumentPlan[];
  readonly textOf: (text: TextSpec) => string;
  readonly readFile: (path: string) => string;
  /** The same for the same comparison: addresses, documents, fields and items. Rules may change while it goes on. */
  readonly print: string;
};

export type Given = {
  readonly path: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly urls: Readonly<Partial<Record<SideName, string | undefined>>>;
  /** Only these documents. */
  readonly only: readonly string[];
  /** In place of the file's. */
  readonly seed?: number | undefined;
  readonly nowMs: number;
};

const SIDES = ["old", "new"] as const;

/** Where the file says nothing: other people use the old side at the same time. */
const PER_SECOND = { old: 10, new: 50 } as const;

/**
 * Reads and checks the file of `concord parity`, and the documents that it names. It asks no side.
 * @throws UsageError with all that is wrong, and in which line; it repeats no secret
 */
export function loadParity({ path, env, urls, only, seed, nowMs }: Given): Parity {
  const folder = dirname(resolve(path));
  const shown = relative(".", path) || path;
  const yaml = readYaml(shown, readText(path, shown));
  if (yaml.problems.length > 0) throw unusable(yaml.problems);
  const parsed = Settings.safeParse(yaml.value ?? {});
  if (!parsed.success)
    throw unusable(parsed.error.issues.map(toIssue).map((issue) => `${yaml.placeOf(issue.path)}: ${described(issue)}`));
  const settings = { ...parsed.data, seed: seed ?? parsed.data.seed };

  const problems: string[] = [];
  const report = (at: readonly PropertyKey[], message: string) =>
    problems.push(`${yaml.placeOf(at)}: ${at.join(".")} ${message}`);
  const readFile = (name: string) => readFileSync(resolve(folder, name), "utf8");
  const textOf = (text: TextSpec) => (typeof text === "string" ? text : readFile(text.file));

  const sides = {} as Record<SideName, SideSettings>;
  for (const name of SIDES) {
    const { url: written, headers: specs, timeout: timeoutMs, inFlight, attempts } = settings[name];
    const perSecond = settings[name].perSecond ?? PER_SECOND[name];
    const url = urls[name] ?? written;
    if (url === undefined) problems.push(`${name}.url is missing: give it here, or by --${name}-url`);
    else if (!URL.canParse(url)) problems.push(`--${name}-url has to be an address`);
    const { headers, problems: ofHeaders } = headersOf(specs, { env, folder });
    for (const { name: header, message } of ofHeaders) report([name, "headers", header], message);
    if (url !== undefined && URL.canParse(url))
      sides[name] = { name, url: new URL(url), headers, inFlight, perSecond, timeoutMs, attempts };
  }

  for (const name of only)
    if (!Object.hasOwn(settings.documents, name))
      problems.push(unknown("document", name, Object.keys(settings.documents)));
  const documents = Object.entries(settings.documents)
    .filter(([name]) => only.length === 0 || only.includes(name))
    .flatMap(([name, spec]) => compileDocument(name, spec, { settings, textOf, report }));
  for (const [name, spec] of Object.entries(settings.items)) checkItems(name, spec, report, textOf);
  if (problems.length === 0) checkRules(settings, documents, { report, isAll: only.length === 0, nowMs });
  if (problems.length > 0) throw unusable(problems);
  const { control, items, documents: specs } = settings;
  const requests = documents.map(({ name, requests: sent }) => [name, sent]);
  const print = JSON.stringify([sides.old.url, sides.new.url, settings.seed, control, items, specs, requests]);
  return { settings, sides, documents, textOf, readFile, print: createHash("sha256").update(print).digest("hex") };
}

function readText(path: string, shown: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new UsageError(
      `there is no ${shown}. Write one, as \`concord guide parity\` shows, or name yours with --config`,
    );
  }
}

type Report = (at: readonly PropertyKey[], message: string) => void;
type Surroundings = { readonly settings: Settings; readonly textOf: Parity["textOf"]; readonly report: Report };

function compileDocument(name: string, spec: DocumentSpec, { settings, textOf, report }: Surroundings): DocumentPlan[] {
  const at = ["documents", name];
  const group = settings.items[spec.items];
  if (!group) {
    report([...at, "items"], `names ${spec.items}, and items has ${Object.keys(settings.items).join(", ")}`);
    return [];
  }
  const requests: Partial<Record<SideName, Request>> = {};
  const selections: Partial<Record<SideName, Selection>> = {};
  for (const side of SIDES) {
    const own = spec[side];
    const document = own?.document ?? spec.document;
    if (document === undefined) {
      report(at, `has no document for the ${side} side`);
      continue;
    }
    try {
      const text = textOf(document);
      selections[side] = selectionOf(text);
      const variables = (own?.variables ?? spec.variables ?? {}) as Readonly<Record<string, Json>>;
      requests[side] = { text, variables, pages: own?.pages ?? spec.pages };
      const has = valuesOf(group);
      for (const each of namesIn(variables))
        if (!has.includes(each)) report([...at, side], `takes {${each}}, and its items have ${has.join(", ")}`);
    } catch (error) {
      report([...at, side], `has a document that cannot be used: ${(error as Error).message}`);
    }
  }
  if (!selections.old || !selections.new || !requests.old || !requests.new) return [];
  const { plan, problems } = compilePlan(spec, { old: selections.old, new: selections.new });
  for (const problem of problems) report([...at, ...problem.at], problem.message);
  return [{ name, items: spec.items, plan, self: selfPlan(plan), requests: { old: requests.old, new: requests.new } }];
}

/** The names that items of a group have values by. */
function valuesOf(spec: ItemsSpec): string[] {
  if ("from" in spec) return Object.keys(spec.values);
  const given = Array.isArray(spec) ? spec.filter((each) => typeof each === "object") : [];
  return ["id", ...new Set(given.flatMap((each) => Object.keys(each)).filter((each) => each !== "id"))];
}

function checkItems(name: string, spec: ItemsSpec, report: Report, textOf: Parity["textOf"]): void {
  if (!("from" in spec)) return;
  try {
    selectionOf(textOf(spec.document));
  } catch (error) {
    report(["items", name, "document"], `cannot be used: ${(error as Error).message}`);
  }
}

/** A rule that is over, or that ignores nothing that there is, is refused: nobody would notice what it hides. */
function checkRules(
  { ignore }: Settings,
  documents: readonly DocumentPlan[],
  { report, isAll, nowMs }: { readonly report: Report; readonly isAll: boolean; readonly nowMs: number },
): void {
  const names = documents.flatMap(({ name, plan }) =>
    [WHOLE, ...fieldNames(plan.fields)].map((field) => fullName(name, field)),
  );
  for (const [i, rule] of ignore.entries()) {
    if (expiryMs(rule) < nowMs)
      report(
        ["ignore", i],
        `(${rule.field}) ended on ${rule.until}: "${rule.reason}". Remove it, or give it another day, if what it says still holds.`,
      );
    if (isAll && !names.some(fieldPattern(rule.field)))
      report(["ignore", i, "field"], unknown("field", rule.field, names));
  }
}

function unknown(what: string, name: string, all: readonly string[]): string {
  const similar = nearest(name, [...all]);
  return `names a ${what} that is not compared: ${name}. ${similar === undefined ? `There are ${all.join(", ")}` : `Did you mean ${similar}?`}`;
}

const described = ({ path, message }: { path: readonly PropertyKey[]; message: string }): string =>
  `${path.join(".") || "it"} ${/^[A-Z]/.test(message) ? `is wrong: ${message}` : message}`;

function unusable(problems: readonly string[]): UsageError {
  const [only, ...others] = problems;
  const head = "these settings cannot be used";
  return new UsageError(
    others.length === 0 ? `${head}: ${only}` : `${head}:\n${problems.map((each) => `  - ${each}`).join("\n")}`,
  );
}
