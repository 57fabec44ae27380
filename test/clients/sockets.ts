import { type Client, createClient } from "graphql-ws";
import { expect, vi } from "vitest";
import type { Answer, Data } from "./answer.ts";
import { type Ask, asking } from "./asking.ts";
import type { Cell, Show } from "./client.ts";
import type { DocumentName } from "./documents.ts";
import { begun, follow, goesOn, SOON, type Subscribe, timesTold } from "./following.ts";
import type { Line } from "./line.ts";
import { DEALERS, type Stand } from "./stand.ts";

/** A client whose queries, mutations and subscriptions all go over one socket. */
export type OnSocket = {
  readonly subscribe: Subscribe;
  readonly ask: (name: DocumentName, variables: Record<string, unknown>) => Promise<Answer>;
};

export type SocketOptions = {
  readonly url: string;
  /** Asked for whenever the client connects. */
  readonly token: () => Promise<string>;
  /** Called whenever a socket is open. */
  readonly opened: () => void;
  /** The client's own defaults unless given. */
  readonly retryAttempts?: number;
  readonly shouldRetry?: () => boolean;
};

/** Makes a client in the way that its own documentation says. */
export type OpenSocket = (
  stand: Stand,
  options: SocketOptions,
) => Promise<OnSocket & { readonly dispose: () => unknown }>;

/** For clients whose documentation takes graphql-ws. */
export const overGraphqlWs =
  (connect: (client: Client) => OnSocket | Promise<OnSocket>): OpenSocket =>
  async (_, { url, token, opened, ...options }) => {
    const client = createClient({
      url,
      connectionParams: async () => ({ Authorization: `Bearer ${await token()}` }),
      on: { opened },
      ...options,
    });
    return { ...(await connect(client)), dispose: () => client.dispose() };
  };

/** Node's own WebSocket tells of a cut as an error before it closes, and graphql-ws retries no errors by default. */
export const RETRY_ALWAYS = "in Node with `shouldRetry: () => true`, since its WebSocket tells of a cut as an error";

export const socketUrl = (url: URL): string => new URL("/graphql", url).href.replace("http:", "ws:");

/**
 * What every client shows whose subscriptions go over graphql-ws.
 * @param cut what it needs to go on after a connection is cut, if its defaults do not: then it retries whatever happens
 */
export function onOneSocket(openSocket: OpenSocket, cut?: string) {
  const resuming = (show: Show): Cell => (cut ? { works: cut, show } : show);
  const open = (stand: Stand, line: Line, options: Omit<SocketOptions, "url" | "opened">) => {
    const opened = vi.fn();
    return { opened, socket: openSocket(stand, { url: socketUrl(line.url), opened, ...options }) };
  };
  const over =
    (show: (stand: Stand, line: Line) => Promise<void>): Show =>
    async (stand) => {
      const line = await stand.line();
      await show(stand, line).finally(line.close);
    };

  return {
    oneSocket: over(async (stand, line) => {
      const { socket, opened } = open(stand, line, { token: () => stand.token() });
      const { subscribe } = await socket;
      const faults: unknown[] = [];
      const news = DEALERS.map((dealerId) => {
        const items: { kind: string; deviceKey: string; device: { report: { indoorTemperatureC: number } } }[] = [];
        subscribe(
          "MatrixFeedSubscription",
          { dealerId },
          { next: ({ dealerFeed }) => void items.push(dealerFeed), failed: (fault) => void faults.push(fault) },
        );
        return items;
      });
      const all = stand.devices.map((device) => follow(subscribe, device));
      await Promise.all(all.map(begun));
      await vi.waitFor(
        () => expect([news.map((items) => items[0]?.kind), faults]).toEqual([["STARTED", "STARTED"], []]),
        SOON,
      );
      for (const [i, { key, deviceId, dealerId: dealer }] of stand.devices.slice(-2).entries()) {
        await stand.inTurn(async () => {
          const temperature = await stand.report(deviceId);
          await vi.waitFor(() => {
            const told = all.map((each) => timesTold(each, temperature));
            expect(
              told.reduce((sum, times) => sum + times, 0),
              `report ${i}`,
            ).toBe(1);
            expect(all[told.indexOf(1)]?.deviceId).toBe(deviceId);
            const inFeeds = news.map((items) =>
              items.filter(({ device }) => device?.report?.indoorTemperatureC === temperature),
            );
            expect(inFeeds.map((items) => items.map(({ deviceKey }) => deviceKey))).toEqual(
              DEALERS.map((dealerId) => (dealerId === dealer ? [key] : [])),
            );
          }, SOON);
        });
      }
      expect([opened.mock.calls.length, faults, all.flatMap((each) => each.faults)]).toEqual([1, [], []]);
      await (await socket).dispose();
    }),

    oneSubscription: over(async (stand, line) => {
      const { socket } = open(stand, line, { token: () => stand.token() });
      const { subscribe, dispose } = await socket;
      const faults: unknown[] = [];
      const failed = (fault: unknown) => void faults.push(fault);
      const changes: Told[] = [];
      const news: Told[] = [];
      const keys = stand.devices.map(({ key }) => key);
      const tell = { next: ({ devicesChanged }: Data) => void changes.push(devicesChanged), failed };
      subscribe("MatrixDevicesSubscription", { keys }, tell);
      const report = { next: ({ dealersFeed }: Data) => void news.push(dealersFeed), failed };
      subscribe("MatrixFeedsSubscription", { dealerIds: DEALERS }, report);
      await vi.waitFor(() => {
        const begun = changes.filter(({ kind }) => kind === "SNAPSHOT").map(({ deviceKey }) => deviceKey);
        expect([begun.toSorted(), faults]).toEqual([keys, []]);
        expect(news.some(({ kind }) => kind === "STARTED")).toBe(true);
      }, SOON);
      const [device] = stand.devices;
      if (!device) throw new Error("there is no device");
      await stand.inTurn(async () => {
        const temperature = await stand.report(device.deviceId);
        const keysTold = (items: readonly Told[]) =>
          items
            .filter(({ kind, device }) => kind !== "SNAPSHOT" && device?.report?.indoorTemperatureC === temperature)
            .map(({ deviceKey }) => deviceKey);
        await vi.waitFor(() => expect([keysTold(changes), keysTold(news)]).toEqual([[device.key], [device.key]]), SOON);
      });
      expect(faults).toEqual([]);
      await dispose();
    }),

    socketOperations: over(async (stand, line) => {
      const { socket, opened } = open(stand, line, { token: () => stand.token() });
      const { ask, subscribe, dispose } = await socket;
      const beside = follow(subscribe, stand.device());
      await begun(beside);
      const { query, mutation, errors } = asking(((_, name, variables) => ask(name, variables)) satisfies Ask);
      for (const show of [query, mutation, errors]) await show(stand);
      expect([opened.mock.calls.length, beside.faults]).toEqual([1, []]);
      await dispose();
    }),

    resume: resuming(
      over(async (stand, line) => {
        const { socket, opened } = open(stand, line, {
          token: () => stand.token(),
          ...(cut && { shouldRetry: () => true }),
        });
        await goesOn(stand, line, (await socket).subscribe);
        expect(opened).toHaveBeenCalledTimes(2);
        await (await socket).dispose();
      }),
    ),

    expiry: over(async (stand, line) => {
      let asked = 0;
      const token = () => stand.token(undefined, ++asked === 1 ? "4s" : "5m");
      const { socket } = open(stand, line, { token });
      const following = follow((await socket).subscribe, stand.device());
      await begun(following);
      await vi.waitFor(() => expect(following.changes.map(({ kind }) => kind)).toEqual(["SNAPSHOT", "SNAPSHOT"]), SOON);
      const temperature = await stand.report(following.deviceId);
      await vi.waitFor(() => expect(timesTold(following, temperature)).toBe(1), SOON);
      expect([asked, following.faults]).toEqual([2, []]);
      await (await socket).dispose();
    }),

    socketRefused: over(async (stand, line) => {
      const { socket } = open(stand, line, { token: async () => "no-token", retryAttempts: 0 });
      const { faults } = follow((await socket).subscribe, stand.device());
      await vi.waitFor(() => expect(faults.map(closingOf)).toEqual([expect.stringMatching(/^4403 .*token/)]), SOON);
    }),

    socketLimit: async (stand) => {
      const line = await stand.line("203.0.113.77");
      await useUp(line);
      const { socket } = open(stand, line, { token: () => stand.token() });
      const { faults } = follow((await socket).subscribe, stand.device());
      await vi.waitFor(() => expect(faults.map(closingOf)).toEqual([expect.stringMatching(/^4429 .*\d+ s/)]), SOON);
      line.close();
    },
  } satisfies Record<string, Cell>;
}

/** An item of a subscription of several objects. */
type Told = {
  readonly kind: string;
  readonly deviceKey: string;
  readonly device: { readonly report: { readonly indoorTemperatureC: number } | null } | null;
};

/** One at a time: a client is refused while another one's limit is used up. */
let usingUp: Promise<void> = Promise.resolve();
const useUp = (line: Line): Promise<void> => (usingUp = usingUp.then(() => openUntilRefused(line)));

/** Opens sockets from the line's address until the platform refuses one. */
async function openUntilRefused(line: Line): Promise<void> {
  const closing = () =>
    new Promise<number>((resolve) => {
      const socket = new WebSocket(socketUrl(line.url), "graphql-transport-ws");
      socket.onopen = () => setTimeout(() => socket.close(), 5);
      socket.onerror = () => resolve(0);
      socket.onclose = ({ code }) => resolve(code);
    });
  for (let opened = 0; opened < 500; opened += 20) {
    const codes = await Promise.all(Array.from({ length: opened === 0 ? 1 : 20 }, closing));
    if (codes.includes(4429)) return;
  }
  throw new Error("five hundred sockets from one address were taken");
}

/** How a socket was closed, as the client tells: its code and reason, wherever it puts them. */
function closingOf(fault: unknown): string {
  const { code, reason, cause, networkError, message } = fault as Record<string, unknown>;
  if (typeof code === "number") return `${code} ${reason}`;
  const inner = networkError ?? cause;
  return inner ? closingOf(inner) : String(message).replace("Socket closed with event ", "");
}
