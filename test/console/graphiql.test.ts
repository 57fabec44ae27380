import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Clients, connect } from "../../local/clients.ts";
import { createToken } from "../../local/live-client.ts";
import type { Stack } from "../../local/stack.ts";
import { outcomesAtRest } from "../support/outcomes.ts";
import { eventValue } from "../support/records.ts";
import { sharedStack } from "../support/shared-stack.ts";
import { violationsOf } from "./axe.ts";
import { closeTabs, hasBrowser, sharedBrowser } from "./browser.ts";

/** The editor is some megabytes, and this machine may be busy. */
const PATIENCE = { timeout: 15_000 };
const TOPIC = "device.elt.status.reported";

let stack: Stack;
let browser: Browser;
let clients: Clients;

/** As of now: the query that picks a device may have picked one of another test, which has reported already. */
const push = (deviceId: string, indoorTemperatureC: number) => {
  const data = { online: true, mode: "heat", indoorTemperatureC };
  const occurredAt = new Date().toISOString();
  return clients.push(TOPIC, [
    { topic: TOPIC, key: deviceId, value: JSON.stringify(eventValue({ topic: TOPIC, deviceId, occurredAt, data })) },
  ]);
};

type Opened = { readonly page: Page; readonly problems: string[]; readonly elsewhere: string[] };

/** A tab at /graphql in which requests to other origins fail, as without the internet. */
async function open(
  theme: "light" | "dark" = "light",
  settings?: { environment: string; token: string | null },
): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 }, colorScheme: theme });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const [problems, elsewhere]: [string[], string[]] = [[], []];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  await context.route(
    (url) => url.origin !== stack.url.origin,
    (route) => {
      elsewhere.push(route.request().url());
      return route.abort();
    },
  );
  if (settings) await page.route("**/graphql/graphiql.json", (route) => route.fulfill({ json: settings }));
  await page.goto(new URL("/graphql", stack.url).href);
  return { page, problems, elsewhere };
}

const editor = (page: Page) => page.locator(".graphiql-query-editor .view-lines");
const ready = (page: Page) => expect.poll(() => editor(page).textContent(), PATIENCE).not.toBe("");
const run = async (page: Page) => {
  await ready(page);
  await page.getByRole("button", { name: /^Execute query/ }).click();
};
const answerIn = (page: Page) => page.locator(".graphiql-response .view-lines");
const shown = (page: Page) => expect.poll(() => textOf(page), PATIENCE);
/** Monaco writes spaces that do not break. */
const textOf = async (page: Page) => ((await answerIn(page).textContent()) ?? "").replaceAll("\u00a0", " ");

describe.skipIf(!hasBrowser)("GraphiQL", () => {
  beforeAll(async () => {
    [stack, browser] = await Promise.all([sharedStack(), sharedBrowser()]);
    clients = await connect(stack.url);
    await push("graphiql-1", 20.5);
    await outcomesAtRest(clients);
  });
  afterEach(() => closeTabs(browser));
  afterAll(() => closeTabs(browser));

  it.each(["light", "dark"] as const)("answers its first query without the internet, %s", async (theme) => {
    const { page, problems, elsewhere } = await open(theme);
    await page.getByRole("tab", { name: "FirstDevices" }).waitFor();
    await run(page);
    await shown(page).toContain('"devices"');
    await page.getByRole("button", { name: /Documentation Explorer/ }).click();
    await page.getByText("Root Types").waitFor();
    if (process.env.CONCORD_SHOTS)
      await page.screenshot({ path: `${process.env.CONCORD_SHOTS}/graphiql-${theme}.png` });
    expect([problems, elsewhere]).toEqual([[], []]);
  });

  it("follows a subscription until it is stopped", async () => {
    const { page, problems } = await open();
    await ready(page);
    await page.getByRole("tab", { name: "WatchDevice" }).click();
    const variables = page.locator(".graphiql-editor-tool .view-lines").first();
    await expect.poll(() => variables.textContent(), PATIENCE).toMatch(/"elt:[^"]+"/);
    const [, key = ""] = /"elt:([^"]+)"/.exec((await variables.textContent()) ?? "") ?? [];
    await run(page);
    await shown(page).toContain('"SNAPSHOT"');
    await push(key, 33.5);
    await shown(page).toContain("33.5");
    await page.getByRole("button", { name: /^Stop query/ }).click();
    await page.getByRole("button", { name: /^Execute query/ }).waitFor();
    expect(problems).toEqual([]);
  });

  it("asks for a token where none is given away, keeps it in its tab, and forgets it", async () => {
    const { page, problems } = await open("light", { environment: "staging", token: null });
    await page.getByText("npx concord token --role service").waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await page.getByLabel("Token").fill("nonsense");
    await page.getByRole("button", { name: "Open GraphiQL" }).click();
    expect(await page.getByRole("alert").textContent()).toMatch(/token/i);
    problems.length = 0;
    const token = await createToken({ role: "service" });
    await page.getByLabel("Token").fill(token);
    await page.getByRole("button", { name: "Open GraphiQL" }).click();
    await page.getByText("Concord staging").waitFor();
    await run(page);
    await shown(page).toContain('"devices"');
    const kept = await page.evaluate(() => ({ lasting: JSON.stringify(localStorage), address: location.href }));
    expect([kept.lasting.includes(token), kept.address.includes(token.slice(0, 20))]).toEqual([false, false]);
    await page.reload();
    await page.getByRole("button", { name: "Forget the token" }).click();
    await page.getByLabel("Token").waitFor();
    expect(await page.evaluate(() => JSON.stringify(sessionStorage))).not.toContain(token);
    expect(problems).toEqual([]);
  });
});
