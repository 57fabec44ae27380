import type { Admin } from "@platformatic/kafka";
import { type ChosenTopics, chooseTopics } from "../choose-topics.ts";
import type { Listener } from "../events.ts";
import type { KafkaRecord } from "../kafka-record.ts";
import { type Session, type Source, StopError } from "../source.ts";
import type { BrokerSettings } from "../source-settings.ts";
import { unlessAborted } from "../unless-aborted.ts";
import { connectionOptions } from "./connection.ts";
import { describe, refusalIn, within } from "./failures.ts";
import { type Library, loadLibrary } from "./library.ts";
import { Member } from "./member.ts";
import { StartPositions } from "./positions.ts";
import { Reader } from "./reader.ts";
import { type Connected, openSession } from "./session.ts";

/** How often it is looked whether a listed topic exists now, or a topic has more partitions. */
const REFRESH_LIST_MS = 10_000;
const CALL_MS = 15_000;
/** Credentials that worked before may be refused while a broker starts. */
const REFUSALS_AFTER_SUCCESS = 5;

/** Records of a Kafka cluster, read as a member of a consumer group. */
export function brokerSource(settings: BrokerSettings, emit: Listener): Source {
  return new BrokerSource(settings, emit);
}

/** Topics with the number of their partitions. */
type Look = { readonly chosen: ChosenTopics; readonly counts: ReadonlyMap<string, number> };

class BrokerSource implements Source {
  readonly #settings: BrokerSettings;
  readonly #emit: Listener;
  readonly #starts: StartPositions;
  #admin: Admin | undefined;
  #connected: (Connected & { readonly counts: string }) | undefined;
  #lastTold = "";
  #opening: Promise<unknown> = Promise.resolve();
  #hasOpened = false;
  #refusals = 0;

  constructor(settings: BrokerSettings, emit: Listener) {
    this.#settings = settings;
    this.#emit = emit;
    this.#starts = new StartPositions(settings.from, emit);
  }

  readonly open = async (signal: AbortSignal): Promise<Session> => {
    const library = await loadLibrary();
    try {
      const opening = this.#open(library);
      this.#opening = opening;
      const session = await unlessAborted(opening, signal);
      if (!session) throw new Error("it was asked to end");
      this.#hasOpened = true;
      this.#refusals = 0;
      return session;
    } catch (error) {
      if (error instanceof StopError || signal.aborted) throw error;
      await this.#disconnect();
      const refusal = refusalIn(error);
      if (refusal && (!this.#hasOpened || ++this.#refusals > REFUSALS_AFTER_SUCCESS)) throw refusal;
      throw new Error(`Kafka is not reached: ${describe(error)}`, { cause: error });
    }
  };

  readonly close = async (): Promise<void> => {
    // A member that is joining can only leave once it has joined.
    await within(CALL_MS, "joining", this.#opening).catch(() => undefined);
    await this.#disconnect();
    await within(CALL_MS, "closing", this.#admin?.close() ?? Promise.resolve()).catch(() => undefined);
  };

  async #open(library: Library): Promise<Session> {
    const look = await this.#look(library);
    this.#tell(look.chosen);
    this.#starts.learn(look.counts);
    const counts = textOf(look.counts);
    if (this.#connected && (this.#connected.member.failure || this.#connected.counts !== counts))
      await this.#disconnect();
    if (look.counts.size === 0) return this.#watched(library, counts, sessionOfNothing());
    this.#connected ??= { ...(await this.#connect(library, look.chosen.subscribed)), counts };
    return this.#watched(library, counts, await openSession(this.#connected, this.#starts, this.#emit));
  }

  async #connect(library: Library, topics: readonly string[]): Promise<Connected> {
    const member = await Member.join(library, this.#settings, topics);
    return { member, reader: new Reader(library, this.#settings, topics) };
  }

  async #disconnect(): Promise<void> {
    const connected = this.#connected;
    this.#connected = undefined;
    await Promise.all([connected?.member.leave(), connected?.reader.close()]);
  }

  /** Ends the session when there are other topics to read. */
  #watched(
    library: Library,
    counts: string,
    { session, end }: { readonly session: Session; readonly end: (reason: string) => void },
  ): Session {
    const { topics } = this.#settings;
    const timer = setInterval(
      () => {
        // A cluster that does not answer now is asked again.
        void this.#look(library).then(
          (look) => {
            if (textOf(look.counts) !== counts) end(`there are other topics or partitions: ${textOf(look.counts)}`);
          },
          () => undefined,
        );
      },
      topics.kind === "pattern" ? topics.refreshMs : REFRESH_LIST_MS,
    );
    const close = async () => {
      clearInterval(timer);
      await session.close();
      // A failed session says nothing good of its connections.
      if (session.over.reason instanceof Error) await this.#disconnect();
    };
    return { ...session, close };
  }

  async #look(library: Library): Promise<Look> {
    this.#admin ??= newAdmin(library, this.#settings);
    const existing = await within(CALL_MS, "the list of topics", this.#admin.listTopics());
    const chosen = chooseTopics(this.#settings.topics, existing);
    const { topics } = await within(
      CALL_MS,
      "the topics' partitions",
      this.#admin.metadata({ topics: [...chosen.subscribed], forceUpdate: true }),
    );
    return { chosen, counts: new Map([...topics].map(([topic, { partitionsCount }]) => [topic, partitionsCount])) };
  }

  #tell({ ignored, missing }: ChosenTopics): void {
    const told = JSON.stringify({ ignored, missing });
    if (told === this.#lastTold) return;
    this.#lastTold = told;
    if (ignored.length > 0) this.#emit({ kind: "topics.ignored", topics: ignored });
    if (missing.length > 0) this.#emit({ kind: "topics.missing", topics: missing });
  }
}

function newAdmin({ Admin }: Library, settings: BrokerSettings): Admin {
  const admin = new Admin(connectionOptions(settings));
  (admin as NodeJS.EventEmitter).on("error", () => undefined);
  return admin;
}

const textOf = (counts: ReadonlyMap<string, number>): string =>
  [...counts]
    .map(([topic, count]) => `${topic} (${count})`)
    .toSorted()
    .join(", ");

/** Waits for topics. */
function sessionOfNothing(): { readonly session: Session; readonly end: (reason: string) => void } {
  const over = new AbortController();
  const ended = new Promise<void>((resolve) => over.signal.addEventListener("abort", () => resolve()));
  async function* records(): AsyncGenerator<readonly KafkaRecord[]> {
    await ended;
    yield [];
  }
  const session: Session = {
    records: records(),
    over: over.signal,
    commit: async () => undefined,
    partitions: async () => [],
    close: async () => over.abort("it was closed"),
  };
  return { session, end: (reason) => over.abort(reason) };
}
