import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Clients, connect } from "../../local/clients.ts";
import { createToken } from "../../local/live-client.ts";
import { assign, isShown } from "../../local/reassign.ts";
import type { Stack } from "../../local/stack.ts";
import { ROOT } from "../../local/tool.ts";
import { type OldApi, serveApi } from "../../samples/legacy/api.ts";
import { makeLegacy } from "../../samples/legacy/legacy.ts";
import { sharedStack } from "../support/shared-stack.ts";

const API_KEY = "da2-docs";
const KEY = "elt:from-appsync-1";
const DEALER = { dealerId: "D-from-appsync", name: "Arctic Air" };
const legacy = makeLegacy({ seed: 1, devices: 60 });
const shown = legacy.shownAt(legacy.unloadMs);

let stack: Stack;
let clients: Clients;
let api: OldApi;
/** In the repository, so that code in it finds the packages. */
const folder = mkdtempSync(join(ROOT, "test/flow/.from-appsync-"));

beforeAll(async () => {
  stack = await sharedStack();
  clients = await connect(stack.url);
  api = await serveApi({ fleet: () => shown, apiKey: API_KEY });
  await assign(clients, { key: KEY, dealer: DEALER, atMs: Date.now() - 60_000 });
  await isShown(clients, KEY);
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await api?.stop();
});

const text = readFileSync(new URL("../../docs/from-appsync.md", import.meta.url), "utf8");
const blocksOf = (language: string): string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms"))].map(([, block = ""]) => block);

async function askOld(query: string, variables: object) {
  const response = await fetch(api.url, {
    method: "POST",
    headers: { "Content-Type": "application/json", "x-api-key": API_KEY },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  expect(errors).toBe(undefined);
  return data;
}

const askNew = (query: string, variables: object) => clients.query<object>(query, { ...variables });

/** What a block of the document exports. */
async function load(block: string, name: string) {
  const path = join(folder, `${name}.ts`);
  writeFileSync(path, block);
  return import(path);
}

describe("docs/from-appsync.md", () => {
  it.each(blocksOf("graphql before"))("has a query that runs against the old API: %s", async (query) => {
    const id = [...shown.values()][0]?.device.id;
    const data = await askOld(query, { id });
    expect(data.getDevice.id).toBe(id);
  });

  it.each(blocksOf("graphql after"))("has a query that runs against Concord: %s", async (query) => {
    const data = await askNew(query, query.includes("$key") ? { key: KEY } : {});
    expect(Object.values(data)).toEqual([expect.any(Object)]);
    if (query.includes("$key")) expect(data).toMatchObject({ device: { key: KEY, dealer: DEALER } });
  });

  it("has code that lists every device, before and after", async () => {
    const [before = ""] = blocksOf("ts before");
    const old = await load(before, "before");
    expect(await old.allDevices(askOld)).toEqual([...shown.keys()]);
    const [after = ""] = blocksOf("ts after");
    const now = await load(after, "after");
    const keys: string[] = await now.allDevices(askNew);
    expect(keys).toContain(KEY);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("has code that watches a device, from the state that it has to its next change", async () => {
    const [, block = ""] = blocksOf("ts after");
    const { watchDevice } = await load(block, "watch");
    const url = new URL("/graphql", stack.url);
    url.protocol = "ws:";
    const items: { kind: string }[] = [];
    const stop = watchDevice(
      url.href,
      KEY,
      () => createToken({ role: "ops" }),
      (item: { kind: string }) => {
        items.push(item);
      },
    );
    try {
      await vi.waitFor(() => expect(items.map(({ kind }) => kind)).toEqual(["SNAPSHOT"]), { timeout: 20_000 });
      await assign(clients, { key: KEY, dealer: { ...DEALER, dealerId: "D-from-appsync-2" }, atMs: Date.now() });
      await vi.waitFor(() => expect(items.map(({ kind }) => kind)).toEqual(["SNAPSHOT", "EVENT"]), { timeout: 20_000 });
    } finally {
      await stop();
    }
  });
});
