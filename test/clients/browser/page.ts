import { type Client, createClient } from "graphql-ws";
import { DEVICE_ROW } from "../../../examples/apollo/documents.ts";
import type { Answer, Sink } from "../answer.ts";
import { apolloOver, ask, type HttpOptions, httpLink, onSocket, registeringLink, trustedLink } from "../apollo.ts";
import type { DocumentName } from "../documents.ts";
import { listen } from "../tickets.ts";

/** What a test asks of the page. */
export type PageApi = {
  ask(options: HttpOptions, name: DocumentName, variables: Variables): Promise<Answer>;
  askPersisted(options: HttpOptions, name: DocumentName, variables: Variables): Promise<Answer>;
  /** Its tokens come from `tokenOf`, and each opened socket is told to `openedOf`. */
  openSocket(id: string, options: { url: string; retryAttempts?: number }): void;
  askOnSocket(id: string, name: DocumentName, variables: Variables): Promise<Answer>;
  /** Its items and faults are told to `told`. */
  subscribe(id: string, socket: string, name: DocumentName, variables: Variables): void;
  stop(id: string): void;
  closeSocket(id: string): void;
  /** A device by the trusted document of the examples. */
  askTrusted(options: HttpOptions, key: string): Promise<Answer>;
  /** Its items and faults are told to `told`. */
  openEventSource(id: string, url: string): void;
};

type Variables = Record<string, unknown>;

/** What the page asks of the test. */
type TestApi = {
  tokenOf(socket: string): Promise<string>;
  openedOf(socket: string): Promise<void>;
  told(subscription: string, what: "next" | "failed", value: unknown): Promise<void>;
};
declare const window: { matrix: PageApi } & TestApi;

const sockets = new Map<string, { client: Client } & ReturnType<typeof onSocket>>();
const stops = new Map<string, () => void>();

const socketOf = (id: string) => {
  const socket = sockets.get(id);
  if (!socket) throw new Error(`there is no socket ${id}`);
  return socket;
};

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const sinkTo = (id: string): Sink => ({
  next: (data) => void window.told(id, "next", data),
  failed: (fault) => {
    const { code, reason, message } = fault as { code?: number; reason?: string; message?: string };
    window.told(id, "failed", { code, reason, message });
  },
});

window.matrix = {
  ask: (options, name, variables) => ask(apolloOver(httpLink(options)), name, variables),
  askPersisted: (options, name, variables) => ask(apolloOver(registeringLink(sha256, options)), name, variables),
  openSocket(id, options) {
    const client = createClient({
      ...options,
      connectionParams: async () => ({ Authorization: `Bearer ${await window.tokenOf(id)}` }),
      on: { opened: () => void window.openedOf(id) },
    });
    sockets.set(id, { client, ...onSocket(client) });
  },
  askOnSocket: (id, name, variables) => socketOf(id).ask(name, variables),
  subscribe: (id, socket, name, variables) =>
    void stops.set(id, socketOf(socket).subscribe(name, variables, sinkTo(id))),
  stop: (id) => stops.get(id)?.(),
  closeSocket: (id) => socketOf(id).client.dispose(),
  askTrusted: async (options, key) => {
    const { data } = await apolloOver(trustedLink(options)).query({ query: DEVICE_ROW, variables: { key } });
    return { data, codes: [] };
  },
  openEventSource(id, url) {
    const { next, failed } = sinkTo(id);
    const source = listen(new EventSource(url), next, failed);
    stops.set(id, () => source.close());
  },
};
