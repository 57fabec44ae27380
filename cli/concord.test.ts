import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { startDeskStub } from "../test/support/desk-stub.ts";
import { DLQ_SUMMARIES, SUMMARIES } from "./summaries.ts";

type Ended = { readonly code: number | null; readonly out: string; readonly err: string };

function node(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const child = spawn(process.execPath, args, { env: { ...process.env, NO_COLOR: "1", ...env } });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.on("data", (chunk) => (err += chunk));
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, out, err })));
}

const concord = (...args: string[]) => node(["--no-warnings", "cli/concord.ts", ...args]);

describe("concord", () => {
  it.each([["--version"], ["-v"]])("%s prints the version", async (option) => {
    const { version } = JSON.parse(readFileSync("package.json", "utf8"));
    expect(await concord(option)).toEqual({ code: 0, out: `concord ${version}\n`, err: "" });
  });

  it.each([[[]], [["--help"]], [["-h"]]])("lists its commands: %j", async (args) => {
    const { code, out, err } = await concord(...args);
    expect([code, err]).toEqual([0, ""]);
    for (const [name, summary] of Object.entries(SUMMARIES)) expect(out).toMatch(new RegExp(`${name} +${summary}`));
  });

  it.each([[["dlq"]], [["dlq", "--help"]]])("lists the commands of the desk and its exit codes: %j", async (args) => {
    const { code, out, err } = await concord(...args);
    expect([code, err]).toEqual([0, ""]);
    for (const name of Object.keys(DLQ_SUMMARIES)) expect(out).toContain(` ${name} `);
    expect(out).toContain("concord dlq");
    expect(out).toContain("4  a run is paused or canceled");
  });

  it("explains one command by its whole name", async () => {
    const { code, out } = await concord("dlq", "list", "--help");
    expect([code, out]).toEqual([0, expect.stringMatching(/concord dlq list[\s\S]*--topic/)]);
    expect((await concord("token", "-h")).out).toMatch(/concord token[\s\S]*--role/);
  });

  it.each([
    [["nonsense"], /^concord: there is no command concord nonsense\. Commands: credential, dlq, token\./],
    [["dlq", "nonsense"], /^concord: there is no command concord dlq nonsense\. Commands: list, show, /],
    [["dlq", "--topic", "x"], /^concord: --topic goes after the command: concord dlq list --topic/],
    [["constructor"], /^concord: there is no command concord constructor/],
  ])("says what can be called instead: %j", async (args, message) => {
    const { code, out, err } = await concord(...args);
    expect([code, out, err]).toEqual([2, "", expect.stringMatching(message)]);
  });

  it("names commands and no paths of the API in its errors", async () => {
    const stub = await startDeskStub({});
    const ends = await Promise.all(
      [
        ["show", "x"],
        ["state", "x", "open"],
        ["runs", "x"],
      ].map((args) => node(["--no-warnings", "cli/concord.ts", "dlq", ...args], { CONCORD_URL: stub.url })),
    );
    await stub.stop();
    expect(ends.map(({ err }) => err.match(/`(.*)` lists them/)?.[1])).toEqual([
      "concord dlq list",
      "concord dlq groups",
      "concord dlq runs",
    ]);
    expect(ends.map(({ code, err }) => [code, err.includes("/ops/api")])).toEqual([
      [3, false],
      [3, false],
      [3, false],
    ]);
  });

  it("is what the package's command starts, with a cache for its TypeScript", async () => {
    expect(JSON.parse(readFileSync("package.json", "utf8")).bin.concord).toBe("cli/main.mjs");
    expect((await node(["cli/main.mjs", "--version"])).out).toMatch(/^concord \d/);
  });

  it("starts about as fast as Node can start a TypeScript file", async () => {
    const fastest = async (args: readonly string[]) => {
      const times: number[] = [];
      for (let i = 0; i < 5; i++) {
        const began = performance.now();
        await node(args);
        times.push(performance.now() - began);
      }
      return Math.min(...times);
    };
    // A file without imports, for what Node itself takes to read TypeScript.
    const bare = await fastest(["--no-warnings", "cli/usage-error.ts"]);
    expect((await fastest(["--no-warnings", "cli/concord.ts", "--version"])) / bare).toBeLessThan(2.5);
    expect((await fastest(["--no-warnings", "cli/concord.ts", "dlq"])) / bare).toBeLessThan(3);
  });
});
