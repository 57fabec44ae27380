import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { DeadLetterMessage, Letter } from "../../../src/shared/queue/letter.ts";
import type { Parcel, QueuedRecord } from "../../../src/shared/queue/parcel.ts";
import type { Env } from "../../../workers/ingest/env.ts";
import { routes } from "../../../workers/ingest/routes.ts";
import { FakeQueue } from "../../support/fake-queue.ts";

export const BASIC = `Basic ${btoa("dev:dev")}`;
export const JSON_V2 = "application/vnd.kafka.json.v2+json";

export type Post = {
  path: string;
  type?: string;
  body?: BodyInit | null;
  authorization?: string;
  headers?: Record<string, string>;
  vars?: Partial<Env>;
};

/** The ingest Worker's routes in front of queues that keep what they are handed. */
export class Boundary {
  readonly events = new FakeQueue<Parcel>();
  readonly deadLetters = new FakeQueue<DeadLetterMessage>();

  async post({
    path,
    type = JSON_V2,
    body = null,
    authorization = BASIC,
    headers = {},
    vars,
  }: Post): Promise<Response> {
    const request = new Request(`https://concord.example${path}`, {
      method: "POST",
      headers: {
        ...(type && { "Content-Type": type }),
        ...(authorization && { Authorization: authorization }),
        ...headers,
      },
      body,
    });
    const ctx = createExecutionContext();
    const bindings = { ...env, EVENTS: this.events, DEAD_LETTERS: this.deadLetters, ...vars };
    const response = await routes.fetch(request, bindings, ctx);
    const text = await response.clone().text();
    await waitOnExecutionContext(ctx);
    return new Response(text || null, response);
  }

  get records(): QueuedRecord[] {
    return this.events.bodies.flatMap(({ records }) => records);
  }

  get letters(): Letter[] {
    return this.deadLetters.bodies.flatMap((message) => (message.kind === "letters" ? message.letters : []));
  }
}
