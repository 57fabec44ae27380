import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import * as z from "zod";
import { ROOT, run } from "../../local/tool.ts";
import { loadReader, type ReadWorkflow } from "./reader.ts";
import { judgeWorkflow, type Workflow } from "./rules.ts";

const FOLDER = join(ROOT, ".github/workflows");
const FILES = readdirSync(FOLDER);
const textOf = (file: string): string => readFileSync(join(FOLDER, file), "utf8");
const workflowOf = (text: string) => parse(text) as Workflow;
const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: Record<string, string> };

let problemsOf: ReadWorkflow;
beforeAll(async () => {
  problemsOf = await loadReader();
});

it.each(FILES)("%s is what GitHub reads", async (file) => {
  expect(await problemsOf(file, textOf(file))).toEqual([]);
});

it.each(FILES)("%s keeps our rules", (file) => {
  expect(judgeWorkflow(workflowOf(textOf(file)), scripts)).toEqual([]);
});

it.each(FILES)("%s says beside each action which version its hash is", (file) => {
  const uses = textOf(file).match(/uses: [^.\s].*$/gm) ?? [];
  expect(uses.filter((line) => !/@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual([]);
});

it.each(FILES)("the scripts of %s are read by the shell", (file) => {
  const runs = Object.values(workflowOf(textOf(file)).jobs).flatMap(({ steps = [] }) =>
    steps.flatMap((step) => step.run ?? []),
  );
  const readings = runs.map((script) => run("bash", ["-n"], { input: script }).stderr);
  expect(readings.filter((stderr) => stderr !== "")).toEqual([]);
});

it("an action has the same version everywhere", () => {
  const used = FILES.flatMap((file) => textOf(file).match(/uses: [^.\s]\S+@.*$/gm) ?? []);
  const names = new Set(used.map((line) => line.split("@")[0]));
  expect(new Set(used).size).toBe(names.size);
});

describe("GitHub's reader finds", () => {
  const ci = textOf("ci.yml");
  it.each([
    ["a key that nobody knows", ci.replace("timeout-minutes", "timeout-minuts"), /timeout-minuts/],
    ["a context that is not there", ci.replace("github.run_id", "github.run_ident"), /run_ident/],
    ["a needed job that is not there", ci.replace("    timeout-minutes: 90", "    needs: test"), /test/],
  ])("%s", async (_, text, problem) => {
    expect(text).not.toBe(ci);
    expect(await problemsOf("ci.yml", text)).toContainEqual(expect.stringMatching(problem));
  });
});

describe("our rules refuse", () => {
  const staging = textOf("staging.yml");
  it.each([
    ["pull requests of strangers", "push:", "pull_request_target:", /strangers can cause/],
    ["a deployment of pull requests", "push:", "pull_request:", /more than a push/],
    ["a deployment in a fork", /\$\{\{ !github[^}]*\}\}/, "always()", /does not leave forks out/],
    ["a deployment without an environment", "    environment: staging\n", "", /no environment/],
    [
      "a deployment that is stopped in the middle",
      "cancel-in-progress: false",
      "cancel-in-progress: true",
      /in the middle/,
    ],
    ["permissions for all jobs", "permissions: {}", "permissions: write-all", /are not \{\}/],
    ["a job without permissions", /( {4}environment[\s\S]*?) {4}permissions:\n.*\n/, "$1", /which permissions/],
    ["a job that may write and runs packages", /contents: read(?=\n {4}steps)/, "contents: write", /may write/],
    ["a job that may hang", "    timeout-minutes: 60\n", "", /timeout-minutes/],
    ["an action by its tag", /setup-node@\w+/, "setup-node@v7", /not pinned/],
    ["a token that stays", "persist-credentials: false", "persist-credentials: true", /persist-credentials/],
    ["text of others as code", "run: npm ci", "run: 'echo ${{'", /becomes code/],
    ["a command that does not exist", "npm run deploy", "npm run deplooy", /no npm run deplooy/],
  ])("%s", (_, from, to, problem) => {
    const broken = staging.replace(from, to);
    expect(broken).not.toBe(staging);
    expect(judgeWorkflow(workflowOf(broken), scripts)).toContainEqual(expect.stringMatching(problem));
  });
});

it("docs/releasing.md names each secret and variable that a workflow has, and no other", () => {
  const used = FILES.flatMap((file) =>
    [...textOf(file).matchAll(/\b(?:secrets|vars)\.([A-Z_]+)/g)].map(([, name]) => name),
  );
  const [, section = ""] = readFileSync(join(ROOT, "docs/releasing.md"), "utf8").split("## Secrets and variables");
  const documented = [...section.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, name]) => name);
  expect(documented.sort()).toEqual([...new Set(used)].sort());
});

it("renovate.json groups only packages that are there, under names that package.json has", () => {
  const { packageRules } = JSON.parse(readFileSync(join(ROOT, "renovate.json"), "utf8")) as {
    packageRules: { matchDepNames?: string[] }[];
  };
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const known = { ...dependencies, ...devDependencies, "concord-sdk": "" };
  const named = packageRules.flatMap(({ matchDepNames = [] }) => matchDepNames.map((name) => name.replace(/^!/, "")));
  expect(named.filter((name) => !(name in known))).toEqual([]);
});

/** The parts of an issue form: https://docs.github.com/en/communities/using-templates-to-encourage-useful-issues-and-pull-requests/syntax-for-githubs-form-schema */
const Part = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("markdown"), attributes: z.strictObject({ value: z.string() }) }),
  ...(["input", "textarea", "dropdown", "checkboxes"] as const).map((type) =>
    z.strictObject({
      type: z.literal(type),
      id: z.string().regex(/^[\w-]+$/),
      attributes: z.looseObject({ label: z.string(), options: z.array(z.unknown()).min(1).optional() }),
      validations: z.strictObject({ required: z.boolean() }).optional(),
    }),
  ),
]);
const Form = z.strictObject({
  name: z.string(),
  description: z.string(),
  labels: z.array(z.string()),
  body: z.array(Part).min(1),
});

it.each(["bug.yml", "feature.yml"])(
  "the issue form %s has the parts that GitHub knows, each with an id of its own",
  (file) => {
    const { body } = Form.parse(parse(readFileSync(join(ROOT, ".github/ISSUE_TEMPLATE", file), "utf8")));
    const ids = body.flatMap((part) => ("id" in part ? part.id : []));
    expect(new Set(ids).size).toBe(ids.length);
  },
);
