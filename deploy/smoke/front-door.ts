import { phraseOf, SmokeProblem } from "./problem.ts";
import type { SmokeTarget } from "./target.ts";
import { signTokens } from "./tokens.ts";

/** How long one request may take. */
const ANSWER_WITHIN_MS = 10_000;

const POLL_MS = 100;

/** A JSON answer of the platform. */
export type Answer = { readonly status: number; readonly body: unknown };

export type Asked = {
  readonly method?: "GET" | "POST" | "PATCH";
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
};

/** The platform as its users reach it: through the front door, with a producer's, a service's and an admin's rights. */
export class FrontDoor {
  readonly target: SmokeTarget;
  readonly tokens: { readonly service: string; readonly admin: string };

  /** How long the platform may take from a record's acceptance until all that follows from it can be seen. */
  readonly effectWithinMs: number;

  private constructor(target: SmokeTarget, tokens: FrontDoor["tokens"], effectWithinMs: number) {
    this.target = target;
    this.tokens = tokens;
    this.effectWithinMs = effectWithinMs;
  }

  static async open(target: SmokeTarget, effectWithinMs: number): Promise<FrontDoor> {
    return new FrontDoor(target, await signTokens(target.signingKey), effectWithinMs);
  }

  /** The same in words. */
  get within(): string {
    return `within ${this.effectWithinMs / 1_000} s`;
  }

  /** Asks until there is what is waited for. @returns undefined if it did not come in time */
  async eventually<T>(ask: () => Promise<T | undefined>): Promise<T | undefined> {
    const deadline = Date.now() + this.effectWithinMs;
    for (;;) {
      const found = await ask();
      if (found !== undefined || Date.now() > deadline) return found;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** @throws SmokeProblem if there is no answer, or one that is not JSON */
  async ask({ method = "GET", path, headers, body }: Asked): Promise<Answer> {
    const asked = `${method} ${path}`;
    try {
      const response = await fetch(new URL(path, this.target.url), {
        method,
        headers: { ...this.target.headers, ...headers },
        // A page to sign in at, in front of the platform, is no answer of it.
        redirect: "manual",
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
        ...(body !== undefined && { body }),
      });
      return { status: response.status, body: readJson(asked, response, await response.text()) };
    } catch (thrown) {
      if (thrown instanceof SmokeProblem) throw thrown;
      throw new SmokeProblem(
        `${asked} at ${this.target.url.origin} got no answer (${phraseOf(thrown)}). Look at the front door: its address, its route and its last deployment.`,
      );
    }
  }

  /** Publishes one record by REST Proxy v2. @returns the answer, and the entry of the record in it */
  async publish(topic: string, value: object, headers: Readonly<Record<string, string>> = {}) {
    const answer = await this.ask({
      method: "POST",
      path: `/topics/${topic}`,
      headers: {
        "Content-Type": "application/vnd.kafka.json.v2+json",
        Authorization: `Basic ${btoa(this.target.credential)}`,
        ...headers,
      },
      body: JSON.stringify({ records: [{ value }] }),
    });
    const offsets = (answer.body as { offsets?: { error_code: number | null; error: string | null }[] }).offsets;
    return { ...answer, entry: offsets?.[0] };
  }

  /** @throws SmokeProblem for an answer without data */
  async graphql<T>(query: string, variables: Readonly<Record<string, unknown>>): Promise<T> {
    const { status, body } = await this.ask({
      method: "POST",
      path: "/graphql",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${this.tokens.service}` },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = body as { data?: T; errors?: unknown };
    if (status === 200 && data && !errors) return data;
    throw new SmokeProblem(
      `POST /graphql asked for the smoke test's device and was answered ${status} ${brief(errors ?? body)}. Look at the api Worker's log and at /graphql/readyz.`,
    );
  }

  /** The operations API, as admin. @throws SmokeProblem for another status than those in `expected` */
  async ops<T>(
    method: "GET" | "POST" | "PATCH",
    path: string,
    { body, expected = [200, 202] }: { readonly body?: unknown; readonly expected?: readonly number[] } = {},
  ): Promise<T & { readonly status: number }> {
    const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
    const answer = await this.ask({
      method,
      path: `/ops/api${path}`,
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${this.tokens.admin}` },
      ...(text !== undefined && { body: text }),
    });
    if (expected.includes(answer.status)) return { ...(answer.body as T), status: answer.status };
    throw new SmokeProblem(
      `${method} /ops/api${path} was answered ${answer.status} ${brief(answer.body)}. Look at the dlq Worker's log and at /ops/readyz.`,
    );
  }
}

function readJson(asked: string, response: Response, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const where = response.headers.get("Location");
    const page = where
      ? ` and sent to ${new URL(where, response.url).origin}, which is a page to sign in at if Access is in front: pass its service token`
      : "";
    throw new SmokeProblem(
      `${asked} was answered ${response.status}, not with JSON${page}: ${brief(text)}. Look at what stands in front of the platform, and at the front door's log.`,
    );
  }
}

/** An answer as far as one line has room for it. */
export const brief = (answer: unknown): string =>
  (typeof answer === "string" ? answer : (JSON.stringify(answer) ?? "nothing")).replace(/\s+/g, " ").slice(0, 300);
