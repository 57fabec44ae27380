import { createHash } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Issue } from "../../../src/shared/domain/issue.ts";
import { deskCommand } from "../../desk/command.ts";
import { FILTER, filterOf } from "../../desk/selection.ts";
import { EXIT, ExitError } from "../../exit-error.ts";
import { UsageError } from "../../usage-error.ts";
import { exportedLines } from "./export.ts";

const DEFAULT_LIMIT = "20";

/** What a contract's test reads: the record as it came, and what was wrong with it then. */
export type Fixture = {
  readonly topic: string;
  readonly key: string | null;
  /** The exact text of the value, or base64 of its bytes where `encoding` says so. */
  readonly value: string | null;
  readonly encoding?: "base64";
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly reason: string;
  readonly issues: readonly Issue[];
};

export const fixtures = deskCommand({
  name: "fixtures",
  options: {
    ...FILTER,
    out: { type: "string", description: "The folder" },
    limit: { type: "string", description: `How many at most (${DEFAULT_LIMIT})` },
    overwrite: { type: "boolean", description: "Writes over files that are there" },
  },
  run: async (desk, { out, limit = DEFAULT_LIMIT, overwrite, ...filter }) => {
    if (!out) throw new UsageError("say where: --out test/fixtures");
    if (!/^[1-9]\d{0,4}$/.test(limit)) throw new UsageError("--limit has to be a whole number from 1 to 99999");
    const files: { path: string; id: string; fixture: Fixture }[] = [];
    let more = false;
    for await (const { line, isLetter } of exportedLines(desk, filterOf(filter))) {
      if (!isLetter) continue;
      more = files.length === Number(limit);
      // Leaving the loop closes the connection: what was not asked for is not read.
      if (more) break;
      const letter = JSON.parse(line) as Exported;
      const path = `${fileName(letter.record.topic)}/${fileName(letter.id)}.json`;
      files.push({ path, id: letter.id, fixture: fixtureOf(letter) });
    }
    if (files.length === 0) throw new ExitError(EXIT.nothing, "no dead letters match");
    const index = {
      fixtures: files.map(({ path, id, fixture: { topic, reason } }) => ({ path, id, topic, reason })),
    };
    const all: [string, unknown][] = [
      ...files.map(({ path, fixture }): [string, unknown] => [join(out, path), fixture]),
      [join(out, "index.json"), index],
    ];
    // Before any is written: half of them would be worse than none.
    const there = overwrite ? undefined : all.find(([path]) => existsSync(path));
    if (there)
      throw new ExitError(
        EXIT.conflict,
        `${there[0]} is there already. None was written: say --overwrite, or another --out`,
      );
    for (const [path, content] of all) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600, flag: overwrite ? "w" : "wx" });
    }
    desk.print(index, () => [
      ...all.map(([path]) => path),
      `${files.length} fixtures, unmasked: take out what is personal before you commit them`,
    ]);
    if (more) desk.terminal.note(`there are more: --limit was ${limit}`);
  },
});

type Exported = {
  readonly id: string;
  readonly record: Omit<Fixture, "reason" | "issues">;
  readonly failure: { readonly reason: string; readonly issues?: readonly Issue[] };
};

function fixtureOf({ record: { topic, key, value, encoding, headers }, failure }: Exported): Fixture {
  return {
    topic,
    key,
    value,
    ...(encoding && { encoding }),
    ...(headers && headers.length > 0 && { headers }),
    reason: failure.reason,
    issues: failure.issues ?? [],
  };
}

/** Topics and ids are clients' text, and a file's name is a path. What had to be changed is told apart by a hash. */
function fileName(text: string): string {
  const name = text
    .replace(/[^A-Za-z0-9._-]/g, "_")
    .replace(/^\.+/, "_")
    .slice(0, 120);
  if (name === text && name !== "") return name;
  return `${name}-${createHash("sha256").update(text).digest("hex").slice(0, 8)}`;
}
