import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { toolPath } from "../../local/tool.ts";
import { type Deployed, startAccountStub } from "../../test/support/account-stub.ts";
import type { Ran, Wrangler } from "../account/wrangler.ts";
import { isTransferDue, writeTransferringConfig } from "./metrics-transfer.ts";

const METRICS = { type: "durable_object_namespace", name: "METRICS", class_name: "MetricsObject" };

/** The dlq Worker of a release in which it had the class. */
const EARLIER: Deployed = { tag: "v2", classes: ["MetricsObject", "ReplayRun"], bindings: [METRICS] };

/** Real wrangler, with a stub of the platform's API. */
async function withAccount<T>(
  workers: Record<string, Deployed>,
  act: (account: Awaited<ReturnType<typeof startAccountStub>>, wrangler: Wrangler) => T,
  options?: { isDown: boolean },
) {
  const account = await startAccountStub(workers, options);
  const env = { ...process.env, ...account.env, WRANGLER_SEND_METRICS: "false", CI: "1" };
  const wrangler = (args: readonly string[]) =>
    new Promise<Ran>((resolve) =>
      execFile(process.execPath, [toolPath("wrangler"), ...args], { env }, (error, stdout, stderr) =>
        resolve({ isDone: error === null, stdout, said: stdout + stderr, entries: [] }),
      ),
    );
  try {
    return await act(account, wrangler);
  } finally {
    await account.stop();
  }
}

const deploying = (config: string) => ["deploy", "-c", config, "--env", "staging"];

describe.concurrent("the counts of the metrics objects", { timeout: 120_000 }, () => {
  it("are transferred once from a dlq Worker that has them, and never again", async ({ onTestFinished }) => {
    await withAccount({ "concord-dlq-staging": EARLIER }, async (account, wrangler) => {
      expect(await isTransferDue(wrangler, "staging")).toBe(true);
      const config = writeTransferringConfig("staging");
      onTestFinished(() => rmSync(config));
      for (const each of [config, "workers/metrics/wrangler.toml"]) {
        expect(await wrangler(deploying(each))).toMatchObject({ isDone: true });
      }
      const transfer = { from: "MetricsObject", from_script: "concord-dlq-staging", to: "MetricsObject" };
      const once = { new_tag: "v1", steps: [{ transferred_classes: [transfer] }] };
      expect(account.migrations).toEqual([once, undefined]);
      expect(account.ownersOf("MetricsObject")).toEqual(["concord-metrics-staging"]);
    });
  });

  it("begin at zero in an account that has none", async () => {
    await withAccount({}, async (account, wrangler) => {
      expect(await isTransferDue(wrangler, "staging")).toBe(false);
      expect(await wrangler(deploying("workers/metrics/wrangler.toml"))).toMatchObject({ isDone: true });
      expect(account.migrations).toEqual([{ new_tag: "v1", steps: [{ new_sqlite_classes: ["MetricsObject"] }] }]);
    });
  });

  it.each([
    ["only has its secrets yet, before a first deployment", []],
    ["binds to the metrics Worker", [{ ...METRICS, script_name: "concord-metrics-staging" }]],
  ])("are not looked for in a dlq Worker that %s", async (_, bindings) => {
    await withAccount({ "concord-dlq-staging": { classes: [], bindings } }, async (_, wrangler) => {
      expect(await isTransferDue(wrangler, "staging")).toBe(false);
    });
  });

  it("are not begun at zero if the account does not say whether there are any", async () => {
    await withAccount(
      { "concord-dlq-staging": EARLIER },
      (_, wrangler) => expect(isTransferDue(wrangler, "staging")).rejects.toThrow("deployments status"),
      { isDown: true },
    );
  });
});
