import type { Ran, Wrangler } from "../../../deploy/account/wrangler.ts";
import type { Answer } from "./answer.ts";
import { play } from "./play.ts";
import { answerRest } from "./rest.ts";
import { emptyAccount, type State } from "./state.ts";

/** What happens at a call: it fails, or our process is killed before or after the account has done it. */
export type Trouble = "fail" | "kill-before" | "kill-after";

/** One account in this process: wrangler and the API are functions, and any call of them can be made to fail. */
export class StandIn {
  state: State;
  /** Every call so far, by its arguments, or by method and path. */
  calls: string[] = [];
  /** What everybody could see: arguments and all output. */
  seen = "";
  #trouble: (call: string) => Trouble | undefined = () => undefined;
  #killed: () => void = () => {};
  /** Resolves when our process would be dead. */
  death = new Promise<void>(() => {});

  constructor(state: State = emptyAccount()) {
    this.state = state;
  }

  /** From now on. `n` counts from 0 the calls since. */
  plan(trouble: (call: string, n: number) => Trouble | undefined): void {
    let n = 0;
    this.#trouble = (call) => trouble(call, n++);
    this.death = new Promise((resolve) => {
      this.#killed = resolve;
    });
  }

  /** Names of calls that change something. */
  get changes(): string[] {
    const reads =
      /^(whoami|auth|d1 (list|execute|migrations list|time-travel)|secret list|deployments|versions (list|view)|GET|r2 bucket info)/;
    return this.calls.filter((call) => !reads.test(call) && !call.includes("--dry-run"));
  }

  readonly wrangler: Wrangler = async (args, input = "") => {
    const call = args.join(" ");
    const answer = await this.#act<Answer>(call, () => play(this.state, args, input), FAILED);
    const { status, stdout, stderr, entries = [] } = answer;
    this.seen += `${call}\n${stdout}${stderr}`;
    return { isDone: status === 0, stdout, said: stdout + stderr, entries: entries as Ran["entries"] };
  };

  readonly fetch: typeof globalThis.fetch = async (input, init = {}) => {
    const url = new URL(String(input));
    const method = init.method ?? "GET";
    const authorization = new Headers(init.headers).get("Authorization") ?? "";
    const answer = () => answerRest(this.state, method, url, authorization, String(init.body ?? ""));
    const outage = {
      status: 500,
      body: { success: false, result: null, errors: [{ code: 10013, message: "unknown" }] },
    };
    const { status, body } = await this.#act(`${method} ${url.pathname}${url.search}`, answer, outage);
    return Response.json(body, { status });
  };

  async #act<T>(call: string, act: () => T, failure: T): Promise<T> {
    this.calls.push(call);
    const trouble = this.#trouble(call);
    if (trouble === "fail") return failure;
    if (trouble !== "kill-before") {
      const answer = act();
      if (trouble === undefined) return answer;
    }
    this.#killed();
    // A process that is dead goes on with nothing.
    this.#trouble = () => "kill-before";
    return new Promise<T>(() => {});
  }
}

const FAILED: Answer = {
  status: 1,
  stdout: "",
  stderr: "✘ [ERROR] A request to the Cloudflare API failed. [code: 10013]\n",
};
