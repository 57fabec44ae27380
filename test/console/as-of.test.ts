import type { Page, Route } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { type Clients, connect } from "../../local/clients.ts";
import type { Stack } from "../../local/stack.ts";
import { eventValue } from "../support/records.ts";
import { sharedStack } from "../support/shared-stack.ts";
import { violationsOf } from "./axe.ts";
import { hasBrowser, sharedBrowser, Tabs } from "./browser.ts";

let stack: Stack;
let tabs: Tabs;
let clients: Clients;

const AT = `#/devices/${encodeURIComponent("elt:past-1")}`;
const AS_OF = "2026-11-27T10:00:00.000Z";
const DETAIL = "**/ops/api/devices/*?asOf=*";
const READINGS = "**/ops/api/devices/*/readings?*";

/** A busy machine takes its time. */
const eventually = <T>(read: () => T | Promise<T>) => expect.poll(read, { timeout: 30_000, interval: 50 });

describe.skipIf(!hasBrowser)("a device's page as of an earlier time", () => {
  beforeAll(async () => {
    const [shared, browser] = await Promise.all([sharedStack(), sharedBrowser()]);
    stack = shared;
    tabs = new Tabs(browser, stack.url);
    clients = await connect(stack.url);
    const topic = "device.elt.status.reported";
    const data = { online: true, indoorTemperatureC: 18.5 };
    const occurredAt = new Date(Date.now() - 60_000).toISOString();
    const value = eventValue({ topic, deviceId: "past-1", occurredAt, data });
    await clients.push(topic, [{ topic, key: "past-1", value: JSON.stringify(value) }]);
    await vi.waitFor(async () => expect((await clients.outcomes()).inFlight).toBe(0), { timeout: 20_000 });
  });
  afterEach(({ task }) => tabs?.leaveAll({ hasFailed: task.result?.state === "fail" }));
  afterAll(() => tabs?.close());

  /** Answers with the device as it is, but at that time retired. */
  async function answering(page: Page, completeSince: string | null = null): Promise<URLSearchParams[]> {
    const asked: URLSearchParams[] = [];
    await page.route(READINGS, (route) => route.fulfill({ json: { points: [] } }));
    await page.route(DETAIL, async (route: Route) => {
      const url = new URL(route.request().url());
      asked.push(url.searchParams);
      const now = await route.fetch({ url: url.href.slice(0, url.href.indexOf("?")) });
      const device = { ...((await now.json()) as object), status: "RETIRED" };
      const asOf = url.searchParams.get("asOf");
      const completeUntil = "2026-12-01T09:00:00.000Z";
      return route.fulfill({ json: { asOf, knownAt: asOf, completeUntil, completeSince, device } });
    });
    return asked;
  }

  const head = (page: Page) => page.locator(".device-head");

  it("shows what was known then, and nothing before it was known", async () => {
    const { page } = await tabs.open({
      role: "viewer",
      at: `${AT}?asOf=${new Date(Date.now() - 30_000).toISOString()}`,
    });
    await eventually(() => head(page).textContent()).toContain("18.5 °C");
    expect(await page.locator(".as-of-note").textContent()).toContain("by what was received so far");
    const before = new Date(Date.now() - 120_000).toISOString();
    await page.evaluate((hash) => {
      location.hash = hash;
    }, `${AT}?asOf=${before}`);
    await page.getByText("Nothing about this device had occurred by then").waitFor();
  });

  it("is chosen in the page, is in its address, and leads back to now", async () => {
    const { page, problems } = await tabs.open({ role: "viewer" });
    const asked = await answering(page);
    await page.evaluate((hash) => {
      location.hash = hash;
    }, AT);
    await eventually(() => head(page).textContent()).toContain("Online");
    await page.getByText("As of an earlier time").click();
    const local = await page.evaluate((at) => {
      const date = new Date(at);
      return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
    }, AS_OF);
    await page.getByLabel(/^As of \(/).fill(local);
    await page.keyboard.press("Enter");
    await eventually(() => head(page).textContent()).toContain("Retired");
    expect(asked.map((query) => [query.get("asOf"), query.get("knownAt")])).toEqual([[AS_OF, null]]);
    expect(await page.locator(".as-of-note").textContent()).toMatch(/by what was received so far\..*Complete for what/);
    // What does not change any more is not followed.
    expect(await page.locator(".live-mark").count()).toBe(0);
    await page.reload();
    await eventually(() => head(page).textContent()).toContain("Retired");
    await page.getByRole("link", { name: "Back to now" }).click();
    await eventually(() => head(page).textContent()).toContain("Online");
    expect(page.url()).not.toContain("asOf");
    expect(problems).toEqual([]);
  });

  it("says since when the archive has everything, if something older may be missing", async () => {
    const note = async (completeSince: string | null) => {
      const { page } = await tabs.open({ role: "viewer" });
      await answering(page, completeSince);
      await page.evaluate((hash) => {
        location.hash = hash;
      }, `${AT}?asOf=${AS_OF}`);
      await eventually(() => head(page).textContent()).toContain("Retired");
      return page.locator(".as-of-note").textContent();
    };
    expect(await note("2026-11-20T08:00:00.000Z")).toMatch(/received before 20 Nov 2026.* may be missing/);
    expect(await note(null)).not.toContain("missing");
  });

  it("asks for what was known at another time, and for readings until the first", async () => {
    const { page } = await tabs.open({ role: "viewer" });
    const asked = await answering(page);
    const untilOf: (string | null)[] = [];
    await page.route(READINGS, (route) => {
      untilOf.push(new URL(route.request().url()).searchParams.get("to"));
      return route.fulfill({ json: { points: [] } });
    });
    await page.evaluate((hash) => {
      location.hash = hash;
    }, `${AT}?asOf=${AS_OF}&knownAt=2026-11-28T00:00:00.000Z`);
    await eventually(() => page.locator(".as-of-note").textContent()).toContain("received until 28 Nov 2026");
    expect(asked.map((query) => query.get("knownAt"))).toEqual(["2026-11-28T00:00:00.000Z"]);
    await eventually(() => untilOf).toEqual(["2026-11-27T10:10:00.000Z"]);
  });

  it("shows the API's words where it cannot answer", async () => {
    const { page } = await tabs.open({ role: "viewer" });
    const message = "The archive begins on 1 Nov 2026. Ask for a later time.";
    await page.route(DETAIL, (route) =>
      route.fulfill({ status: 400, json: { error: { code: "too_early", message } } }),
    );
    await page.evaluate((hash) => {
      location.hash = hash;
    }, `${AT}?asOf=${AS_OF}`);
    await page.getByText(message).waitFor();
    await page.getByRole("link", { name: "Back to now" }).waitFor();
  });

  it.each(["light", "dark"] as const)("has no WCAG AA violations in the %s theme", async (theme) => {
    const { page } = await tabs.open({ role: "viewer", theme });
    await answering(page);
    await page.evaluate((hash) => {
      location.hash = hash;
    }, `${AT}?asOf=${AS_OF}`);
    await eventually(() => head(page).textContent()).toContain("Retired");
    expect(await violationsOf(page)).toEqual([]);
  });

  it("does not scroll horizontally on a phone", async () => {
    const { page } = await tabs.open({ role: "viewer", width: 360 });
    await answering(page);
    await page.evaluate((hash) => {
      location.hash = hash;
    }, `${AT}?asOf=${AS_OF}`);
    await eventually(() => head(page).textContent()).toContain("Retired");
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
  });
});
