import * as z from "zod";
import { parseJson } from "#json/parse-json.ts";
import { messageIn } from "#produce/http.ts";
import { chooseTopics } from "../choose-topics.ts";
import type { Listener } from "../events.ts";
import type { TopicChoice } from "../source-settings.ts";
import { below, type ProxyCalls } from "./calls.ts";

/**
 * Which topics to subscribe to, by name: Redpanda takes no pattern, and a pattern would also take topics whose records
 * Concord refuses, since it takes only `device.{sourceType}.{entity}.{action}`.
 */
export class Topics {
  readonly #calls: ProxyCalls;
  readonly #base: URL;
  readonly #choice: TopicChoice;
  readonly #timeoutMs: number;
  readonly #emit: Listener;
  readonly #ignored = new Set<string>();

  constructor(calls: ProxyCalls, base: URL, choice: TopicChoice, timeoutMs: number, emit: Listener) {
    this.#calls = calls;
    this.#base = base;
    this.#choice = choice;
    this.#timeoutMs = timeoutMs;
    this.#emit = emit;
  }

  /** How often topics are to be looked for again, or `undefined` if they are listed. */
  get refreshMs(): number | undefined {
    return this.#choice.kind === "pattern" ? this.#choice.refreshMs : undefined;
  }

  /** @returns the names, sorted; none if a pattern matches no topic yet @throws StopError if a listed topic cannot be taken */
  async find(signal?: AbortSignal): Promise<readonly string[]> {
    const choice = this.#choice;
    // Listed topics are subscribed to whether they exist or not.
    const existing = choice.kind === "list" ? choice.topics : await this.#all(signal);
    const { subscribed, ignored } = chooseTopics(choice, existing);
    const untold = ignored.filter((name) => !this.#ignored.has(name));
    for (const name of untold) this.#ignored.add(name);
    if (untold.length > 0) this.#emit({ kind: "topics.ignored", topics: untold });
    return subscribed;
  }

  async #all(signal: AbortSignal | undefined): Promise<readonly string[]> {
    const reply = await this.#calls.call(below(this.#base, "topics"), {
      method: "GET",
      timeoutMs: this.#timeoutMs,
      signal,
    });
    const names = z.array(z.string()).safeParse(parseJson(reply.text));
    if (reply.status !== 200 || !names.success)
      throw new Error(`The proxy did not list its topics (${reply.status}: ${messageIn(reply.text)})`);
    return names.data;
  }
}
