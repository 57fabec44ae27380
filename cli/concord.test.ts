import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

type Ended = { readonly code: number | null; readonly out: string; readonly err: string };

function node(...args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, args, { env: { ...process.env, NO_COLOR: "1" } });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.on("data", (chunk) => (err += chunk));
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, out, err })));
}

describe("the process of a command", () => {
  it("is started by the package's bin, through a cache of compiled TypeScript", async () => {
    expect(JSON.parse(readFileSync("package.json", "utf8")).bin.concord).toBe("cli/main.mjs");
    expect(await node("cli/main.mjs", "--version")).toEqual({
      code: 0,
      out: expect.stringMatching(/^concord \d/),
      err: "",
    });
  });

  it("says what to do on a Node that does not run TypeScript", async () => {
    const { code, out, err } = await node("--no-experimental-strip-types", "cli/main.mjs", "--version");
    expect([code, out, err]).toEqual([1, "", expect.stringMatching(/^concord: Node v\d.+`npx concord`/)]);
  });

  it("prints an error in one line to standard error, and ends with the error's code", async () => {
    const { code, out, err } = await node("cli/main.mjs", "nonsense");
    expect([code, out, err]).toEqual([2, "", expect.stringMatching(/^concord: there is no command.*\n$/)]);
  });

  it.each([[["--version"]], [["dlq"]], [["backfill", "--help"]]])(
    "loads at most a dozen files of ours, and no library, for %j",
    async (args) => {
      const spy = `import { registerHooks } from "node:module";
      registerHooks({ load: (url, context, next) => (console.error("loads " + url), next(url, context)) });`;
      const spying = ["--no-warnings", "--import", `data:text/javascript,${encodeURIComponent(spy)}`];
      const { code, err } = await node(...spying, "cli/concord.ts", ...args);
      const loaded = [...err.matchAll(/^loads (file:.*)$/gm)].map(([, url]) => url as string);
      expect(code).toBe(0);
      expect(loaded.filter((url) => url.includes("/node_modules/"))).toEqual([]);
      expect(loaded.length).toBeGreaterThan(5);
      expect(loaded.length).toBeLessThanOrEqual(12);
    },
  );
});
