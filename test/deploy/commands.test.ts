import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { changeState, readState } from "./account/file.ts";
import { startRest } from "./account/rest.ts";
import { StandIn } from "./account/stand-in.ts";
import { trafficOf } from "./account/state.ts";
import { CANARY, Runs, servedIn } from "./runs.ts";

/** The commands themselves, in processes of their own, with the stand-in as the program that they run. */
const folder = mkdtempSync(join(tmpdir(), "concord-account-"));
const path = join(folder, "account.json");
let rest: Awaited<ReturnType<typeof startRest>>;

beforeAll(async () => {
  rest = await startRest((act) => changeState(act, path));
});
afterAll(async () => {
  await rest.stop();
  rmSync(folder, { recursive: true, force: true });
});

type Ended = { readonly code: number | null; readonly said: string };

/** @param onLine may end the process: it gets what was said so far */
function run(script: string, args: string[], env: Record<string, string> = {}, onSaid = (_: string, __: number) => {}) {
  return new Promise<Ended>((resolve) => {
    const child = spawn(process.execPath, [script, ...args], {
      env: {
        ...process.env,
        CONCORD_WRANGLER: "test/deploy/account/wrangler.ts",
        CONCORD_ACCOUNT: path,
        CLOUDFLARE_API_BASE_URL: rest.url,
        // Each run starts dozens of processes of the same files.
        NODE_COMPILE_CACHE: join(folder, "compiled"),
        ...env,
      },
    });
    child.stdin.end();
    let said = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        onSaid(said, child.pid ?? 0);
      });
    }
    child.on("close", (code) => resolve({ code, said }));
  });
}

const DEPLOY = "deploy/rollout/main.ts";
const PROVISION = "deploy/provision/main.ts";

/** What `npm run deploy` finds: the account of a platform whose files name the placeholder of an id. */
async function platform(): Promise<void> {
  const runs = new Runs(new StandIn());
  await runs.bringUp("r1");
  writeFileSync(path, JSON.stringify(runs.standIn.state));
}

describe("npm run deploy", () => {
  it("-- --dry-run builds each config without a login, and asks nobody", async () => {
    writeFileSync(path, JSON.stringify({ ...new StandIn().state, isLoggedIn: false }));
    const { code, said } = await run(DEPLOY, ["--env", "staging", "--dry-run"]);
    expect([code, said.split("\n").at(-2)]).toEqual([
      0,
      "staging: every config builds. Nobody is logged in, so what would change is not known.",
    ]);
    expect(said).toContain("[8/8] build workers/metrics, with the counts of the dlq Worker");
  });

  it("-- --dry-run shows what would change where somebody is logged in", async () => {
    await platform();
    changeState((state) => {
      state.code["workers/api"] = "v2";
    }, path);
    const before = readFileSync(path, "utf8");
    const { code, said } = await run(DEPLOY, ["--env", "staging", "--dry-run"], { CONCORD_RELEASE: "r2" });
    expect(said).toMatch(/workers\/api +step by step: 0, 10, 50, 100 %/);
    expect(said).toMatch(/workers\/metrics +(unchanged since r1)/);
    expect([code, JSON.parse(readFileSync(path, "utf8"))]).toEqual([0, JSON.parse(before)]);
  });

  it.each([
    [["--env", "nowhere"], "There is no environments/nowhere.toml"],
    [["--env", "staging", "--fast"], "Unknown option '--fast'"],
    [["--env", "staging", "--only", "workers/apis"], "--only knows no workers/apis"],
  ])("%j is refused before anything is built", async (args, message) => {
    const { code, said } = await run(DEPLOY, args);
    expect(code).toBe(2);
    expect(said).toContain(message);
    expect(said).not.toMatch(/^\[\d/m);
  });
});

describe("npm run provision", () => {
  it("refuses secrets from a file that git sees, and shows nothing of it", async () => {
    const file = "secrets-of-a-test.json";
    writeFileSync(file, JSON.stringify({ INGEST_CREDENTIALS: CANARY }));
    try {
      const { code, said } = await run(PROVISION, ["--env", "staging", "--secrets", file, "--dry-run"]);
      expect(code).toBe(1);
      expect(said).toContain(`${file} is in a repository, where git sees it.`);
      expect(said).not.toContain(CANARY);
    } finally {
      rmSync(file);
    }
  });

  it("shows what it would make, from the configs as they are", async () => {
    writeFileSync(path, JSON.stringify(new StandIn().state));
    const { code, said } = await run(PROVISION, ["--env", "production", "--dry-run"]);
    expect([code, said]).toEqual([0, expect.any(String)]);
    expect(said).toMatch(/queue concord-events-production +will be made/);
    expect(readState(path).queues).toEqual([]);
  });

  it("says how to log in", async () => {
    writeFileSync(path, JSON.stringify({ ...new StandIn().state, isLoggedIn: false }));
    const { code, said } = await run(PROVISION, ["--env", "staging"]);
    expect([code, said]).toEqual([
      1,
      "Nobody is logged in. Run `npx wrangler login`, or set CLOUDFLARE_API_TOKEN. Nothing was done.\n",
    ]);
  });
});

describe("npm run rollback", () => {
  const ROLLBACK = "deploy/rollout/rollback-main.ts";

  it("puts the Workers back, and Ctrl-C stops neither a call in its middle nor the rollback", async () => {
    const runs = new Runs(new StandIn());
    await runs.bringUp("r1");
    runs.standIn.state.code["workers/api"] = "v2";
    await runs.deploy("r2");
    writeFileSync(path, JSON.stringify(runs.standIn.state));
    const args = ["--env", "staging", "--no-smoke"];
    const mark = join(folder, "held");
    writeFileSync(mark, "");
    let isSent = false;
    const { code, said } = await run(ROLLBACK, args, { CONCORD_HELD: "^rollback" }, (text, pid) => {
      if (!isSent && text.includes("[1/1] workers/api: r1\n")) isSent = process.kill(pid, "SIGINT");
      if (text.includes("Interrupted")) rmSync(mark, { force: true });
    });
    expect(said).toContain("Interrupted: a rollback goes on to its end");
    expect(code).toBe(0);
    expect(servedIn(readState(path))["concord-api-staging"]).toBe("v1 of r1 100 %");
    expect(trafficOf(readState(path).workers["concord-api-staging"])).toHaveLength(1);
  });
});
