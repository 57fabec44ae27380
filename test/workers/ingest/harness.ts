import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { DeadLetterMessage, Letter } from "#letters/letter.ts";
import type { Parcel, QueuedRecord } from "#queue/parcel.ts";
import type { Env } from "../../../workers/ingest/env.ts";
import { routes } from "../../../workers/ingest/routes.ts";
import { FakeQueue } from "../../support/fake-queue.ts";
import { eventValue } from "../../support/records.ts";

export const basic = (pair: string): string => `Basic ${btoa(pair)}`;
export const BASIC = basic("dev:dev");
export const JSON_V2 = "application/vnd.kafka.json.v2+json";

export const ELT = "device.elt.dealer.assigned";
export const ECOBEE = "device.ecobee.dealer.assigned";

/** The body of a v2 request with one valid record of a topic. */
export const bodyOf = (topic = ELT): string => JSON.stringify({ records: [{ value: eventValue({ topic }) }] });

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
  readonly backfill = new FakeQueue<Parcel>();
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
    const bindings = { ...env, EVENTS: this.events, BACKFILL: this.backfill, DEAD_LETTERS: this.deadLetters, ...vars };
    const response = await routes.fetch(request, bindings, ctx);
    const text = await response.clone().text();
    await waitOnExecutionContext(ctx);
    return new Response(text || null, response);
  }

  /** Posts one valid record to a topic, or whatever else is given, by v2. */
  produce({ topic = ELT, ...post }: Partial<Post> & { topic?: string }): Promise<Response> {
    return this.post({ path: `/topics/${topic}`, body: bodyOf(topic), ...post });
  }

  get records(): QueuedRecord[] {
    return this.recordsIn("events");
  }

  recordsIn(queue: "events" | "backfill"): QueuedRecord[] {
    return this[queue].bodies.flatMap(({ records }) => records);
  }

  get letters(): Letter[] {
    return this.deadLetters.bodies.flatMap((message) => (message.kind === "letters" ? message.letters : []));
  }
}
