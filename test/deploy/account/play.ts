import { type Answer, Refused } from "./answer.ts";
import { BadCall, type Call, readCall } from "./call.ts";
import * as resources from "./resources.ts";
import type { State } from "./state.ts";
import * as workers from "./workers.ts";

type Command = (state: State, call: Call, input: string) => Answer;

const COMMANDS: Readonly<Record<string, Command>> = {
  whoami: resources.whoAmI,
  "auth token": resources.authToken,
  "d1 list": resources.listDatabases,
  "d1 create": resources.createDatabase,
  "d1 execute": resources.executeSql,
  "d1 migrations list": resources.listMigrations,
  "d1 migrations apply": resources.applyMigrations,
  "d1 time-travel info": resources.bookmark,
  "queues create": resources.createQueue,
  "r2 bucket info": resources.bucketInfo,
  "r2 bucket create": resources.createBucket,
  "secret list": workers.listSecrets,
  "secret bulk": workers.putSecrets,
  "deployments list": workers.listDeployments,
  "deployments status": workers.deploymentStatus,
  "versions list": workers.listVersions,
  "versions view": workers.viewVersion,
  "versions upload": workers.uploadVersion,
  "versions deploy": (state, call) => workers.deployVersions(state, call),
  rollback: workers.rollBack,
  "triggers deploy": workers.deployTriggers,
  deploy: workers.deploy,
};

/** Commands that work without a login. */
const OPEN = new Set(["whoami", "auth token"]);

/** One call of wrangler against this account, which it changes. */
export function play(state: State, args: readonly string[], input: string): Answer {
  try {
    const call = readCall(args);
    const command = COMMANDS[call.command];
    if (!command) throw new BadCall(`The stand-in does not play ${call.command}.`);
    const isBuild = call.command === "deploy" && call.flags["dry-run"] !== undefined;
    if (!state.isLoggedIn && !OPEN.has(call.command) && !isBuild) {
      throw new Refused(
        "In a non-interactive environment, it's necessary to set a CLOUDFLARE_API_TOKEN environment variable.",
      );
    }
    return command(state, call, input);
  } catch (thrown) {
    if (!(thrown instanceof Refused || thrown instanceof BadCall)) throw thrown;
    return { status: 1, stdout: "", stderr: `✘ [ERROR] ${thrown.message}\n` };
  }
}
