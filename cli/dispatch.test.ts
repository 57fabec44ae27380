import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { RELEASES } from "#contracts/releases.ts";
import { concord } from "../test/support/fake-terminal.ts";
import { startOpsStub } from "../test/support/ops-stub.ts";
import type { Command, CommandGroup } from "./command/command.ts";
import { parseInput } from "./command/parse.ts";
import { CONCORD } from "./commands/index.ts";
import { COLOURS } from "./terminal/paint.ts";

const DLQ = CONCORD.commands.dlq as CommandGroup;

/** Every command with its whole name. */
const EVERY = await allCommands("concord", CONCORD);
async function allCommands(
  name: string,
  group: CommandGroup,
): Promise<{ name: string; summary: string; command: Command }[]> {
  const each = Object.entries(group.commands).map(async ([word, entry]) =>
    "commands" in entry
      ? allCommands(`${name} ${word}`, entry)
      : [{ name: `${name} ${word}`, summary: entry.summary, command: await entry.load() }],
  );
  return (await Promise.all(each)).flat();
}

describe("concord", () => {
  it.each([["--version"], ["-v"]])("%s prints the version", async (option) => {
    const { version } = JSON.parse(readFileSync("packages/cli/package.json", "utf8"));
    expect(await concord([option])).toMatchObject({
      code: 0,
      out: `concord ${version} (contracts: release ${RELEASES.length})`,
      err: "",
    });
  });

  it.each([[[]], [["--help"]], [["-h"]]])("lists its commands when it is called with %j", async (args) => {
    const { code, out, err } = await concord(args);
    expect([code, err]).toEqual([0, ""]);
    for (const [name, { summary }] of Object.entries(CONCORD.commands))
      expect(out.split("\n").map((line) => line.trim().split(/ {2,}/))).toContainEqual([name, summary]);
    expect(out).toContain("--version");
  });

  it.each([[["dlq"]], [["dlq", "--help"]], [["dlq", "--url", "x", "-h"]]])(
    "lists the commands of the operations API and its exit codes when it is called with %j",
    async (args) => {
      const { code, out, err } = await concord(args);
      expect([code, err]).toEqual([0, ""]);
      for (const [name, { summary }] of Object.entries(DLQ.commands))
        expect(
          out.split("\n").filter((line) => line.startsWith(`  ${name} `) && line.endsWith(`  ${summary}`)),
        ).toHaveLength(1);
      expect(out).toContain("concord dlq <command> [options]");
      expect(out).toContain("4  a run is paused or canceled");
    },
  );

  it.each([
    [
      ["nonsense"],
      new RegExp(`^there is no command concord nonsense\\. Commands: ${Object.keys(CONCORD.commands).join(", ")}\\.`),
    ],
    [["dlq", "nonsense"], /^there is no command concord dlq nonsense\. Commands: list, show, /],
    [["tokne"], /^there is no command concord tokne\. Did you mean concord token\? `concord --help`/],
    [["dlq", "lits"], /^there is no command concord dlq lits\. Did you mean concord dlq list\? `concord dlq --help`/],
    [["dlq", "--topic", "x"], /^--topic goes after the command: concord dlq <command> --topic/],
    [
      ["dlq", "--url=https://a:s3cret@b.example", "list"],
      /^--url goes after the command: concord dlq <command> --url$/,
    ],
    [["constructor"], /^there is no command concord constructor/],
    [["token", "--rolle", "ops"], /^there is no option --rolle\. Did you mean --role\? `concord token --help`/],
  ])("ends with 2 for %j and names what can be called instead", async (args, message) => {
    expect(await concord(args)).toMatchObject({ code: 2, out: "", err: expect.stringMatching(message) });
  });

  it("takes a path in place of a command of backfill for the folder of a run, and a misspelled command for neither", async () => {
    const needs = expect.stringMatching(/^--mapping is required/);
    expect(await concord(["backfill", "./no-such-folder"])).toMatchObject({ code: 2, err: needs });
    expect(await concord(["backfill", "docs"])).toMatchObject({ code: 2, err: needs });
    expect(await concord(["backfill", "insepct"])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/mean .*inspect/),
    });
    expect(await concord(["./docs"])).toMatchObject({ code: 2, err: expect.stringMatching(/^there is no command/) });
  });

  it("names commands, and no paths of the API, in errors about ids", async () => {
    const stub = await startOpsStub({});
    const calls = [
      ["dlq", "show", "x"],
      ["dlq", "state", "x", "open"],
      ["dlq", "runs", "x"],
      ["forget", "certificate", "x"],
    ];
    const ends = await Promise.all(calls.map((args) => concord(args, { url: stub.url })));
    await stub.stop();
    expect(ends.map(({ err }) => err.match(/`(.*)` lists them/)?.[1])).toEqual([
      "concord dlq list",
      "concord dlq groups",
      "concord dlq runs",
      "concord forget list",
    ]);
    expect(ends.map(({ code, err }) => [code, err.includes("/ops/api")])).toEqual(calls.map(() => [3, false]));
  });
});

describe("the help of", () => {
  it.each(EVERY)("$name shows all that the command takes", async ({ name, summary, command }) => {
    const words = name.split(" ").slice(1);
    const { code, out, err } = await concord([...words, "--help"]);
    expect([code, err]).toEqual([0, ""]);
    const lines = out.split("\n");
    expect(lines[0]).toBe(`${summary}.`);
    expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^ {2}${name} .*\\[options\\]$`)));
    const labelled = [
      ...Object.entries(command.arguments ?? {}).map(([each, described]) => [`<${each}>`, described] as const),
      ...Object.entries(command.options ?? {}).map(
        ([each, described]) => [described.value ? `--${each} <${described.value}>` : `--${each}`, described] as const,
      ),
    ];
    for (const [label, described] of labelled) {
      const found = lines.filter((line) => line.startsWith(`  ${label} `) && line.includes(described.summary));
      expect(found).toHaveLength(1);
    }
    for (const example of command.examples) expect(lines).toContain(`  ${example}`);
    expect((await concord([...words, "nonsense", "--nonsense", "-h"])).out).toBe(out);
  });

  it.each(EVERY)("$name has examples that the command accepts", ({ name, command }) => {
    expect(command.examples).not.toEqual([]);
    for (const example of command.examples) {
      expect(example.startsWith(name)).toBe(true);
      parseInput(command, wordsOf(example.slice(name.length)), name);
    }
  });

  it("a command has coloured titles on a terminal alone", async () => {
    expect((await concord(["token", "--help"], { isTty: true })).out).toContain(COLOURS("title", "Options"));
    expect((await concord(["token", "--help"])).out).not.toContain("\u001b");
  });
});

/** As a shell splits them, for examples that quote whole words. */
const wordsOf = (line: string): string[] =>
  (line.match(/"[^"]*"|'[^']*'|\S+/g) ?? []).map((word) => word.replace(/^(["'])(.*)\1$/, "$2"));
