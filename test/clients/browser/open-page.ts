import { randomUUID } from "node:crypto";
import type { Page } from "playwright-core";
import { sharedBrowser } from "../../console/browser.ts";
import type { Sink } from "../answer.ts";
import type { Subscribe } from "../following.ts";
import type { OpenSocket, SocketOptions } from "../sockets.ts";
import type { PageApi } from "./page.ts";

export type OpenPage = {
  readonly page: Page;
  /** Calls the page's own function of this name. */
  readonly call: <Name extends keyof PageApi>(
    name: Name,
    ...args: Parameters<PageApi[Name]>
  ) => Promise<Awaited<ReturnType<PageApi[Name]>>>;
  /** Follows a ticket's subscription with the browser's own EventSource. @returns what closes it */
  readonly openEventSource: (url: string, sink: Sink) => () => void;
  readonly openSocket: (options: SocketOptions) => ReturnType<OpenSocket>;
};

/** Opens the page in a tab of its own. */
export async function openPage(origin: string): Promise<OpenPage> {
  const page = await (await (await sharedBrowser()).newContext()).newPage();
  const sockets = new Map<string, { token: () => Promise<string>; opened: () => void }>();
  const sinks = new Map<string, Sink>();
  await page.exposeFunction("tokenOf", (id: string) => sockets.get(id)?.token());
  await page.exposeFunction("openedOf", (id: string) => sockets.get(id)?.opened());
  await page.exposeFunction("told", (id: string, what: keyof Sink, value: unknown) => sinks.get(id)?.[what](value));
  await page.goto(origin);
  await page.waitForFunction("'matrix' in window");

  const call: OpenPage["call"] = (name, ...args) =>
    page.evaluate(
      // biome-ignore lint/suspicious/noExplicitAny: runs in the page
      ([called, given]) => (globalThis as any).matrix[called as string](...(given as unknown[])),
      [name, args] as const,
    );

  const openSocket: OpenPage["openSocket"] = async ({ url, token, opened, retryAttempts }) => {
    const socket = randomUUID();
    sockets.set(socket, { token, opened });
    await call("openSocket", socket, { url, ...(retryAttempts !== undefined && { retryAttempts }) });
    const subscribe: Subscribe = (name, variables, sink) => {
      const id = randomUUID();
      sinks.set(id, sink);
      const begun = call("subscribe", id, socket, name, variables);
      begun.catch(sink.failed);
      return () => void begun.then(() => call("stop", id)).catch(() => {});
    };
    return {
      subscribe,
      ask: (name, variables) => call("askOnSocket", socket, name, variables),
      dispose: () => call("closeSocket", socket),
    };
  };
  const openEventSource: OpenPage["openEventSource"] = (url, sink) => {
    const id = randomUUID();
    sinks.set(id, sink);
    const begun = call("openEventSource", id, url);
    begun.catch(sink.failed);
    return () => void begun.then(() => call("stop", id)).catch(() => {});
  };
  return { page, call, openSocket, openEventSource };
}
