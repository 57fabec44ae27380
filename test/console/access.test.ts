import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type Stack, startStack } from "../../local/stack.ts";
import { type AccessProxy, startAccessProxy } from "../support/access-proxy.ts";
import { createAccessTeam } from "../support/access-team.ts";
import { TEST_CREDENTIALS } from "../support/rest-proxy.ts";
import { violationsOf } from "./axe.ts";
import { closeTabs, hasBrowser, sharedBrowser, tokenFor } from "./browser.ts";
import { lettersIn } from "./letters.ts";

describe.skipIf(!hasBrowser)("the console behind Cloudflare Access", () => {
  let stack: Stack;
  let browser: Browser;
  let access: AccessProxy;
  beforeAll(async () => {
    const team = await createAccessTeam({ operators: ["ann@example.com"], viewers: ["bob@example.com"] });
    const secrets = { ...TEST_CREDENTIALS, OPS_ACCESS: JSON.stringify(team.settings) };
    [stack, browser] = await Promise.all([startStack({ secrets }), sharedBrowser()]);
    access = await startAccessProxy({ team, stack: stack.url });
    await sendBadRecords(stack);
    await vi.waitFor(async () => expect(await lettersIn(stack, TOPIC)).toHaveLength(2), { timeout: 20_000 });
  });
  beforeEach(() => {
    access.signInAs = "ann@example.com";
  });
  afterEach(() => closeTabs(browser));
  afterAll(async () => {
    await access?.stop();
    await stack?.stop();
  });

  const consoleAt = (hash = "#/flow", origin = access.url): string => `${new URL("/ops", origin)}${hash}`;
  const pages = (page: Page) => page.getByRole("navigation", { name: "Pages" });
  const ended = (page: Page) => page.getByRole("dialog", { name: "Sign in again" });
  const atTheTeam = (page: Page) => page.getByRole("link", { name: "Sign in with the identity provider" });

  const button = (within: Page | Locator, name: string) => within.getByRole("button", { name, exact: true });
  const letterAt = async (place: number) => `#/letters/${(await lettersIn(stack, TOPIC))[place]?.id}`;

  /** A tab of somebody who has signed in at Access on the way to the console. */
  async function open(hash?: string): Promise<Page> {
    const page = await (await browser.newContext()).newPage();
    await page.goto(consoleAt());
    await atTheTeam(page).click();
    await pages(page).waitFor();
    if (hash) await page.goto(consoleAt(hash));
    return page;
  }

  it("opens without a token, says who is signed in, and keeps nothing in the tab", async () => {
    const page = await open();
    await page.getByText("ann@example.com").waitFor();
    expect(await page.getByText("ann@example.com").getAttribute("title")).toMatch(/operator.*Cloudflare Access.*until/);
    expect(await page.evaluate(() => Object.keys(sessionStorage).length)).toBe(0);
    await page.getByRole("link", { name: "Sign out" }).click();
    await page.getByText("You are signed out of Access").waitFor();
    await page.goto(consoleAt());
    await atTheTeam(page).waitFor();
  });

  it("makes changes under the session, which come from its own page", async () => {
    const page = await open(await letterAt(0));
    await button(page, "Discard…").click();
    await page.getByLabel("Why").fill("a test device");
    await button(page.getByRole("dialog"), "Discard").click();
    await page.getByRole("heading", { name: /discarded$/ }).waitFor();
  });

  it("covers the page when the session ends, and goes on where it was, with what was typed", async () => {
    const page = await open(await letterAt(1));
    await button(page, "Discard…").click();
    await page.getByLabel("Why").fill("a producer that is gone");
    access.expire();
    const form = page.getByRole("dialog", { name: "Discard 1 letter" });
    await button(form, "Discard").click();
    await ended(page).waitFor();
    // Escape opens no way around it.
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await ended(page).waitFor();
    expect(await violationsOf(page)).toEqual([]);
    const [other] = await Promise.all([
      page.context().waitForEvent("page"),
      ended(page).getByRole("link", { name: "Sign in with Cloudflare Access" }).click(),
    ]);
    await atTheTeam(other).click();
    await other.getByText("You are signed in as ann@example.com").waitFor();
    expect(await violationsOf(other)).toEqual([]);
    await ended(page).waitFor({ state: "detached" });
    expect(await page.getByLabel("Why").inputValue()).toBe("a producer that is gone");
    await button(form, "Discard").click();
    await page.getByRole("heading", { name: /discarded$/ }).waitFor();
  });

  it("asks for nothing but who one is while the session has ended", async () => {
    const page = await open("#/flow");
    access.expire();
    await page.evaluate(() => location.replace("#/topics"));
    await ended(page).waitFor();
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    await page.waitForTimeout(3_000);
    expect(asked.filter((path) => path !== "/ops/api/me")).toEqual([]);
  });

  it("shows somebody else who signs in then a page of their own", async () => {
    const page = await open("#/flow");
    access.expire();
    access.signInAs = "bob@example.com";
    await page.evaluate(() => location.replace("#/topics"));
    const [other] = await Promise.all([
      page.context().waitForEvent("page"),
      ended(page).getByRole("link", { name: "Sign in with Cloudflare Access" }).click(),
    ]);
    await atTheTeam(other).click();
    await page.getByText("bob@example.com").waitFor();
  });

  it("tells somebody without a role whom Access took them for, and lets them sign in as somebody else", async () => {
    access.signInAs = "eve@evil.example";
    const page = await (await browser.newContext()).newPage();
    await page.goto(consoleAt());
    await atTheTeam(page).click();
    await page.getByRole("alert").getByText("eve@evil.example, who has no role here").waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await page.getByRole("link", { name: "Sign out of team.cloudflareaccess.com" }).click();
    await page.getByText("You are signed out of Access").waitFor();
  });

  it("offers both ways where a request came without Access, leads back, and says if Access is not in front", async () => {
    const page = await (await browser.newContext()).newPage();
    await page.goto(consoleAt("#/topics", stack.url));
    await page.getByRole("link", { name: "Sign in with Cloudflare Access" }).click();
    await page.getByRole("alert").getByText("Access is not in front of /ops").waitFor();
    await page.getByRole("link", { name: "Go to the console" }).click();
    await page.getByText("Use a token instead").click();
    await page.getByLabel("Token").fill(await tokenFor("viewer"));
    await page.getByRole("button", { name: "Open the console" }).click();
    await pages(page).waitFor();
    expect(page.url()).toContain("#/topics");
    await page.getByRole("button", { name: "Sign out" }).waitFor();
  });

  it("covers the page of a token that has expired too, and takes another one", async () => {
    const page = await (await browser.newContext()).newPage();
    await page.goto(consoleAt("#/topics", stack.url));
    await page.getByText("Use a token instead").click();
    await page.getByLabel("Token").fill(await tokenFor("viewer"));
    await page.getByRole("button", { name: "Open the console" }).click();
    await pages(page).waitFor();
    await page.evaluate(() => sessionStorage.setItem("concord.token", "expired"));
    await page.evaluate(() => location.replace("#/audit"));
    await ended(page).getByText("What you have typed is kept").waitFor();
    expect(await ended(page).getByRole("alert").count()).toBe(0);
    await ended(page).getByLabel("Token").fill("nonsense");
    await button(ended(page), "Open the console").click();
    await ended(page).getByRole("alert").waitFor();
    await ended(page)
      .getByLabel("Token")
      .fill(await tokenFor("viewer"));
    await ended(page).getByRole("button", { name: "Open the console" }).click();
    await ended(page).waitFor({ state: "detached" });
    await page
      .getByRole("main")
      .getByText(/audit|nothing/i)
      .first()
      .waitFor();
  });
});

const TOPIC = "device.elt.status.reported";

/** Two records that their contract refuses, so that there is something to act on. */
async function sendBadRecords({ url }: Stack): Promise<void> {
  const occurredAt = new Date().toISOString();
  const records = ["a", "b"].map((id) => ({ value: { eventId: id, occurredAt, deviceId: `access-${id}`, data: {} } }));
  await fetch(new URL(`/topics/${TOPIC}`, url), {
    method: "POST",
    headers: { "Content-Type": "application/vnd.kafka.json.v2+json", Authorization: `Basic ${btoa("dev:dev")}` },
    body: JSON.stringify({ records }),
  });
}
