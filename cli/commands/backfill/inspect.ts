import { existsSync, writeFileSync } from "node:fs";
import { basename, dirname, extname } from "node:path";
import { draftMapping } from "../../../backfill/inspect/draft.ts";
import { type Findings, findingsOf } from "../../../backfill/inspect/findings.ts";
import { type ColumnProfile, type Profile, profileRows } from "../../../backfill/inspect/profile.ts";
import { CSV_DEFAULTS } from "../../../backfill/mapping/schema.ts";
import { openFile } from "../../../backfill/read/open.ts";
import { defineCommand } from "../../command/command.ts";
import { UsageError } from "../../command/usage-error.ts";
import { EXIT, ExitError } from "../../exit-error.ts";
import { counted } from "../../terminal/counted.ts";
import { outputOf } from "../../terminal/output.ts";
import { tableLines } from "../../terminal/table.ts";
import type { Terminal } from "../../terminal/terminal.ts";
import { exitFor } from "./exit.ts";

const DEFAULT_ROWS = 20_000;

export const inspectFile = defineCommand({
  details:
    "Types, nulls and examples are of the first rows. The mapping is a beginning: whoever knows the source decides which\n" +
    "time says when a row changed, and which rows become which events. Examples are shown as they are: they may be personal.",
  arguments: { file: { summary: "File of the unload: CSV, NDJSON or Parquet, compressed or not" } },
  options: {
    out: { value: "file", summary: "Write the mapping to this file (default: print it)" },
    rows: { value: "count", summary: `Rows that are looked at (default ${DEFAULT_ROWS})` },
    "no-header": { summary: "The first line of a CSV file is a row, and not the columns' names" },
    delimiter: { value: "character", summary: 'Between the fields of a CSV file (default ","; \\t for a tab)' },
    json: { summary: "Print what was found as JSON" },
  },
  examples: [
    "concord backfill inspect unload/devices/devices_0_0_0.csv.gz",
    "concord backfill inspect unload/devices/devices_0_0_0.csv.gz --out mapping.yaml",
  ],
  run: async ({ file, out, rows = String(DEFAULT_ROWS), delimiter = ",", ...input }, whole) => {
    if (!/^[1-9]\d{0,8}$/.test(rows)) throw new UsageError("--rows has to be a whole number above 0");
    if (!existsSync(file)) throw new UsageError(`there is no file ${file}`);
    if (out !== undefined && existsSync(out))
      throw new ExitError(EXIT.conflict, `${out} exists and was not changed. Choose another --out`);
    const { output, terminal } = outputOf(whole);
    const header = input["no-header"] !== true;
    try {
      const profile = await look(file, {
        header,
        delimiter: delimiter === "\\t" ? "\t" : delimiter,
        limit: Number(rows),
      });
      const findings = findingsOf(profile);
      const mapping = draftMapping({ ...namesFor(file), profile, findings, hasNames: header });
      if (out !== undefined) writeFileSync(out, mapping, { flag: "wx" });
      if (input.json)
        return output.json(JSON.stringify({ ...profile, ...findings, ...(out === undefined && { mapping }) }));
      for (const line of profileLines(profile, findings, whole)) output.line(line);
      output.line("");
      if (out === undefined) for (const line of mapping.trimEnd().split("\n")) output.line(line);
      else
        terminal.note(
          `${out} is a first mapping. Read it, and try it: concord backfill run FOLDER --mapping ${out} --dry-run`,
        );
    } catch (error) {
      throw exitFor(error as Error);
    }
  },
});

type How = { readonly header: boolean; readonly delimiter: string; readonly limit: number };

async function look(path: string, { header, delimiter, limit }: How): Promise<Profile> {
  const csv = { ...CSV_DEFAULTS, header, delimiter };
  const columns = header ? undefined : await numberedColumns(path, csv);
  const file = await openFile(path, { csv, columns });
  try {
    return await profileRows(file.rows, file.columns, limit);
  } finally {
    await file.close();
  }
}

/** `C1`, `C2`, …: as many as the first line has fields. */
async function numberedColumns(path: string, csv: typeof CSV_DEFAULTS): Promise<string[]> {
  const file = await openFile(path, { csv: { ...csv, header: true } });
  await file.close();
  return (file.columns ?? []).map((_, i) => `C${i + 1}`);
}

/** The table is named as its folder, as Snowflake's stages are, or as the file. */
function namesFor(path: string): { readonly table: string; readonly files: string } {
  const folder = basename(dirname(path));
  const name = basename(path);
  const endings = name.slice(name.indexOf("."));
  if (folder !== "" && folder !== "." && folder !== "..") return { table: folder, files: `${folder}/*${endings}` };
  return { table: basename(name, extname(name)).replace(/[._].*$/, ""), files: name };
}

function profileLines(
  { rows, columns, problems }: Profile,
  { warnings }: Findings,
  { width, paint }: Terminal,
): string[] {
  const share = ({ nullShare }: ColumnProfile) => `${Math.round(nullShare * 100)} %`;
  return [
    counted(rows, "row"),
    "",
    ...tableLines(
      columns,
      [
        { title: "COLUMN", value: ({ name }) => name },
        { title: "TYPE", value: ({ type }) => type },
        { title: "NULL", value: share, align: "right" },
        { title: "DIFFERENT", value: ({ distinct }) => distinct, align: "right" },
        { title: "EXAMPLES", value: ({ examples }) => examples.map((each) => JSON.stringify(each)).join(", ") },
      ],
      { width, paint },
    ),
    ...(problems.length === 0 ? [] : ["", ...problems.map((problem) => `cannot be read: ${problem}`)]),
    ...(warnings.length === 0 ? [] : ["", ...warnings.map((warning) => paint("bad", `! ${warning}`))]),
  ];
}
