import { createHash } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Issue } from "#domain/issue.ts";
import { UsageError } from "../../command/usage-error.ts";
import { EXIT, ExitError } from "../../exit-error.ts";
import { opsCommand } from "../../ops/ops-command.ts";
import { FILTER, filterOf } from "../../ops/selection.ts";
import { counted } from "../../terminal/counted.ts";
import { exportedLines } from "./export.ts";

const DEFAULT_LIMIT = "20";

/** What the test of a contract reads: the record as it was published, and why it failed. */
export type Fixture = {
  readonly topic: string;
  readonly key: string | null;
  /** Set if the key is not UTF-8, and is base64 of its bytes. */
  readonly keyEncoding?: "base64";
  /** The exact text of the value, or base64 of its bytes where `encoding` says so. */
  readonly value: string | null;
  readonly encoding?: "base64";
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly reason: string;
  readonly issues: readonly Issue[];
};

export const fixtures = opsCommand({
  details: "Writes {topic}/{letter id}.json for each letter, and an index.json of all.",
  options: {
    ...FILTER,
    out: { value: "folder", summary: "Folder to write to" },
    limit: { value: "count", summary: `Most letters to save, 1 to 99999 (default ${DEFAULT_LIMIT})` },
    overwrite: { summary: "Replace files that exist" },
  },
  examples: ["concord dlq fixtures --group 5a88 --out test/fixtures"],
  run: async (context, { out, limit = DEFAULT_LIMIT, overwrite, ...filter }) => {
    if (!out) throw new UsageError("--out is required: --out test/fixtures");
    if (!/^[1-9]\d{0,4}$/.test(limit)) throw new UsageError("--limit has to be a whole number from 1 to 99999");
    const files: { path: string; id: string; fixture: Fixture }[] = [];
    let isCut = false;
    for await (const { line, isLetter } of exportedLines(context, filterOf(filter))) {
      if (!isLetter) continue;
      isCut = files.length === Number(limit);
      // Leaving the loop closes the connection, so that no more is read than is needed.
      if (isCut) break;
      const letter = JSON.parse(line) as Exported;
      const path = `${fileName(letter.record.topic)}/${fileName(letter.id)}.json`;
      files.push({ path, id: letter.id, fixture: toFixture(letter) });
    }
    if (files.length === 0) throw new ExitError(EXIT.nothing, "no dead letters match");
    const index = {
      fixtures: files.map(({ path, id, fixture: { topic, reason } }) => ({ path, id, topic, reason })),
    };
    const all: [string, unknown][] = [
      ...files.map(({ path, fixture }): [string, unknown] => [join(out, path), fixture]),
      [join(out, "index.json"), index],
    ];
    // Checked before the first is written: half of them would be worse than none.
    const existing = overwrite ? undefined : all.find(([path]) => existsSync(path));
    if (existing)
      throw new ExitError(
        EXIT.conflict,
        `${existing[0]} exists. No file was written. Add --overwrite, or choose another --out`,
      );
    for (const [path, content] of all) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600, flag: overwrite ? "w" : "wx" });
    }
    context.print(index, () => [
      ...all.map(([path]) => path),
      `${counted(files.length, "fixture")} written, unmasked. Remove personal data before you commit`,
    ]);
    if (isCut) context.terminal.note(`more letters match: --limit is ${limit}`);
  },
});

type Exported = {
  readonly id: string;
  readonly record: Omit<Fixture, "reason" | "issues">;
  readonly failure: { readonly reason: string; readonly issues?: readonly Issue[] };
};

function toFixture({ record: { topic, key, keyEncoding, value, encoding, headers }, failure }: Exported): Fixture {
  return {
    topic,
    key,
    ...(keyEncoding && { keyEncoding }),
    value,
    ...(encoding && { encoding }),
    ...(headers && headers.length > 0 && { headers }),
    reason: failure.reason,
    issues: failure.issues ?? [],
  };
}

/** A topic or id, which clients choose, as a safe file name. Where it had to be changed, a hash keeps it unique. */
function fileName(text: string): string {
  const name = text
    .replace(/[^A-Za-z0-9._-]/g, "_")
    .replace(/^\.+/, "_")
    .slice(0, 120);
  if (name === text && name !== "") return name;
  return `${name}-${createHash("sha256").update(text).digest("hex").slice(0, 8)}`;
}
