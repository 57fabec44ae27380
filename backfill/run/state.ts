import { readFileSync } from "node:fs";
import * as z from "zod";
import { parseJson } from "#json/parse-json.ts";
import { replaceFile } from "../../cli/files/replace-file.ts";
import { BackfillProblem } from "../problem.ts";
import type { SourceFile } from "../read/files.ts";
import { emptyTally, Tally } from "./tally.ts";

const FileState = z.strictObject({
  table: z.string(),
  name: z.string(),
  bytes: z.int(),
  beginning: z.string(),
  /** Rows from its beginning that are done. */
  rows: z.int().min(0),
  isDone: z.boolean(),
});
export type FileState = z.output<typeof FileState>;

const State = z.strictObject({
  version: z.literal(1),
  url: z.string(),
  mapping: z.strictObject({ path: z.string(), sha256: z.string() }),
  files: z.array(FileState),
  tally: Tally,
  /** The length of the file of faults, of which more is of rows that are not done. */
  faultsBytes: z.int().min(0),
});
export type State = z.output<typeof State>;

/** @returns `undefined` if there is none. @throws BackfillProblem for a file that is no state */
export function readState(path: string): State | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const state = State.safeParse(parseJson(text));
  if (state.success) return state.data;
  throw new BackfillProblem(
    `${path} is no state of a backfill, or of another version of it. It was not changed. Name another file with --state; rows that are sent again change nothing.`,
    "conflict",
  );
}

export const writeState = (path: string, state: State): Promise<void> =>
  replaceFile(path, `${JSON.stringify(state, null, 2)}\n`);

export type Plan = {
  readonly url: string;
  readonly mapping: State["mapping"];
  readonly files: readonly (SourceFile & { readonly table: string })[];
};

export const freshState = ({ url, mapping, files }: Plan): State => ({
  ...{ version: 1, url, mapping, faultsBytes: 0 },
  files: files.map(({ table, name, bytes, beginning }) => ({ table, name, bytes, beginning, rows: 0, isDone: false })),
  tally: emptyTally(),
});

/** @throws BackfillProblem if the state is of another backfill: what differs, and what to do */
export function checkResumable(path: string, state: State, plan: Plan): void {
  const refuse = (what: string) => {
    throw new BackfillProblem(
      `${path} is the state of another backfill: ${what}. Nothing was sent, and the state is as it was. To go on with that one, give what it began with. To begin anew, add --restart, or name another file with --state: events that are sent again change nothing, and a corrected mapping needs a higher \`revision\`.`,
      "conflict",
    );
  };
  if (state.url !== plan.url) refuse(`it sent to ${state.url}, and this one would to ${plan.url}`);
  if (state.mapping.sha256 !== plan.mapping.sha256)
    refuse(
      state.mapping.path === plan.mapping.path
        ? `the mapping ${plan.mapping.path} has been changed since`
        : `its mapping was ${state.mapping.path}`,
    );
  const nameOf = ({ table, name }: { table: string; name: string }) => `${name} (${table})`;
  const known = new Map(state.files.map((file) => [nameOf(file), file]));
  const now = new Map(plan.files.map((file) => [nameOf(file), file]));
  const gone = [...known.keys()].find((name) => !now.has(name));
  if (gone !== undefined) refuse(`${gone} is not there any more`);
  for (const [name, file] of now) {
    const before = known.get(name);
    if (!before) refuse(`${name} has been added`);
    else if (before.bytes !== file.bytes || before.beginning !== file.beginning) refuse(`${name} has another content`);
  }
}
