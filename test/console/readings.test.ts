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

const HOUR_MS = 3_600_000;
const KEY = "elt:meter-1";
const AT = `#/devices/${encodeURIComponent(KEY)}`;
const READINGS = "**/ops/api/devices/*/readings?*";

const push = (deviceId: string, occurredAtMs: number, data: unknown) => {
  const topic = "device.elt.status.reported";
  const value = eventValue({ topic, deviceId, occurredAt: new Date(occurredAtMs).toISOString(), data });
  return clients.push(topic, [{ topic, key: deviceId, value: JSON.stringify(value) }]);
};

const settled = () =>
  vi.waitFor(async () => expect((await clients.outcomes()).inFlight).toBe(0), { timeout: 20_000, interval: 100 });

/** A busy machine takes its time. */
const eventually = <T>(read: () => T | Promise<T>) => expect.poll(read, { timeout: 30_000, interval: 50 });

/** What the API was asked, and its answer in its place. */
async function answering(
  page: Page,
  pointsOf: (query: URLSearchParams) => readonly unknown[],
  completeSince: string | null = null,
): Promise<string[]> {
  const asked: string[] = [];
  await page.route(READINGS, (route: Route) => {
    const { search, searchParams } = new URL(route.request().url());
    asked.push(search);
    const [from, to, stepSeconds] = [
      searchParams.get("from"),
      searchParams.get("to"),
      Number(searchParams.get("step")),
    ];
    const times = { from, to, stepSeconds, completeUntil: to, completeSince };
    return route.fulfill({ json: { ...times, points: pointsOf(searchParams) } });
  });
  return asked;
}

/** A point for each of these steps of the range, the first of which is 0. */
const pointsAt = (query: URLSearchParams, steps: readonly number[]) =>
  steps.map((step, i) => ({
    at: new Date(Date.parse(query.get("from") ?? "") + step * Number(query.get("step")) * 1_000).toISOString(),
    indoorTemperatureC: { min: 19 + i, max: 21 + i, mean: 20 + i, count: 2 },
    ...(i > 0 && { humidityPct: { min: 38, max: 42, mean: 40, count: 2 } }),
  }));

const card = (page: Page) => page.getByRole("region", { name: "Readings" });
const picture = (page: Page) => card(page).getByRole("slider");

describe.skipIf(!hasBrowser)("the readings of a device's page", () => {
  beforeAll(async () => {
    const [shared, browser] = await Promise.all([sharedStack(), sharedBrowser()]);
    stack = shared;
    tabs = new Tabs(browser, stack.url);
    clients = await connect(stack.url);
    const nowMs = Date.now();
    await Promise.all([
      push("meter-1", nowMs - 3 * HOUR_MS, { online: true, indoorTemperatureC: 18.5, humidityPct: 41 }),
      push("meter-1", nowMs - 2 * HOUR_MS, { online: true, indoorTemperatureC: 20.5, heatSetpointC: 21 }),
      push("meter-1", nowMs - HOUR_MS, { online: true, indoorTemperatureC: 22 }),
    ]);
    await settled();
  });
  afterEach(({ task }) => tabs?.leaveAll({ hasFailed: task.result?.state === "fail" }));
  afterAll(() => tabs?.close());

  const open = async (pointsOf: (query: URLSearchParams) => readonly unknown[], more: object = {}) => {
    const tab = await tabs.open({ role: "viewer", ...more });
    const asked = await answering(tab.page, pointsOf);
    await tab.page.evaluate((hash) => {
      location.hash = hash;
    }, AT);
    return { ...tab, asked };
  };

  it("are what the device has reported, without a reload as more arrives", async () => {
    const { page, problems } = await tabs.open({ role: "viewer", at: AT });
    await card(page).getByText("3 steps as a table").click({ timeout: 30_000 });
    const rows = () => card(page).locator("tbody td:nth-of-type(1)").allTextContents();
    await eventually(rows).toEqual(["18.5 °C", "20.5 °C", "22 °C"]);
    expect(await card(page).textContent()).toContain("All of it: Indoor 20.3 °C (18.5–22) · Heat to 21 °C.");
    await push("meter-1", Date.now(), { online: true, indoorTemperatureC: 25 });
    await eventually(() => page.locator(".device-head").textContent()).toContain("25 °C");
    await eventually(rows).toEqual(["18.5 °C", "20.5 °C", "22 °C", "25 °C"]);
    expect(problems).toEqual([]);
  });

  it("draw a band and a mean for each field, and break where the device was silent", async () => {
    const { page, problems } = await open((query) => pointsAt(query, [0, 1, 2, 3, 90, 91, 92]));
    await eventually(() => picture(page).locator("polyline").count()).toBe(2);
    expect(await picture(page).locator("polygon").count()).toBe(2);
    // The first pane is that of temperatures: a mean of 20 is below one of 23.
    const [line = ""] = await picture(page)
      .locator("polyline")
      .evaluateAll((lines) => lines.map((each) => each.getAttribute("points") ?? ""));
    const heights = line.split(" ").map((point) => Number(point.split(",")[1]));
    expect(heights).toEqual(heights.toSorted((a, b) => b - a));
    expect(await card(page).textContent()).toContain("Indoor 23 °C (19–27)");
    expect(problems).toEqual([]);
  });

  it("ask for a day in ten minutes, a week in hours, a year in days, which is in the address", async () => {
    const { page, asked } = await open((query) => pointsAt(query, [1, 2]));
    await picture(page).waitFor();
    for (const [range, step, spanMs] of [
      ["Day", "600", 24 * HOUR_MS],
      ["Week", "3600", 7 * 24 * HOUR_MS],
      ["Year", "86400", 365 * 24 * HOUR_MS],
    ] as const) {
      await card(page).getByRole("link", { name: range }).click();
      await eventually(() => new URLSearchParams(asked.at(-1)).get("step")).toBe(step);
      const query = new URLSearchParams(asked.at(-1));
      expect(Date.parse(query.get("to") ?? "") - Date.parse(query.get("from") ?? "")).toBe(spanMs);
      await picture(page).waitFor();
    }
    expect(page.url()).toContain("range=year");
  });

  it("are read step by step from the keyboard", async () => {
    const { page } = await open((query) => pointsAt(query, [0, 1, 2]));
    await picture(page).focus();
    const said = () => picture(page).getAttribute("aria-valuetext");
    expect(await said()).toContain("Indoor 22 °C (21–23)");
    await page.keyboard.press("Home");
    await eventually(said).toContain("Indoor 20 °C (19–21)");
    await page.keyboard.press("ArrowRight");
    await eventually(said).toContain("Indoor 21 °C (20–22)");
    expect(await card(page).locator(".readings-said").textContent()).toBe(await said());
    await card(page).getByText("3 steps as a table").click();
    expect(await card(page).getByRole("rowheader").count()).toBe(3);
  });

  it("show the fields that are chosen, at least one, and keep them in the address", async () => {
    const { page, asked } = await open((query) => pointsAt(query, [0, 1, 2]));
    await eventually(() => picture(page).locator(".readings-of-humidityPct").count()).toBe(0);
    await card(page).getByLabel("Humidity").check();
    await eventually(() => picture(page).locator(".readings-of-humidityPct").count()).toBe(1);
    for (const name of ["Indoor", "Heat to", "Cool to"]) await card(page).getByLabel(name).uncheck();
    expect(await card(page).getByLabel("Humidity").isDisabled()).toBe(true);
    expect(await picture(page).locator("polyline").count()).toBe(1);
    expect(page.url()).toContain("fields=humidityPct");
    // Another choice of what is here is no reason to ask again.
    expect(new Set(asked).size).toBe(1);
  });

  it("say so where nothing was measured", async () => {
    const { page } = await open(() => []);
    await card(page).getByText("No readings in this day").waitFor();
    expect(await picture(page).count()).toBe(0);
  });

  it("say since when the archive has them all, where the range begins earlier", async () => {
    const missing = async (sinceMs: number) => {
      const { page } = await tabs.open({ role: "viewer" });
      await answering(page, (query) => pointsAt(query, [100]), new Date(sinceMs).toISOString());
      await page.evaluate((hash) => {
        location.hash = hash;
      }, AT);
      await picture(page).waitFor();
      return card(page)
        .getByText(/Reports that were received before .* may be missing/)
        .count();
    };
    expect(await missing(Date.now() - HOUR_MS)).toBe(1);
    expect(await missing(Date.now() - 48 * HOUR_MS)).toBe(0);
  });

  it("show what the API answers in place of readings, and ask again", async () => {
    const { page } = await tabs.open({ role: "viewer" });
    const error = { code: "unavailable", message: "The archive does not answer." };
    let hasFailed = false;
    await page.route(READINGS, (route) => {
      if (hasFailed) {
        const { searchParams } = new URL(route.request().url());
        return route.fulfill({ json: { points: pointsAt(searchParams, [0, 1]) } });
      }
      hasFailed = true;
      return route.fulfill({ status: 503, json: { error } });
    });
    await page.evaluate((hash) => {
      location.hash = hash;
    }, AT);
    await card(page).getByText("The archive does not answer.").waitFor();
    await card(page).getByRole("button", { name: "Try again" }).click();
    await picture(page).waitFor();
    expect(await card(page).getByRole("alert").count()).toBe(0);
  });

  it("show that they are loading", async () => {
    const { page } = await tabs.open({ role: "viewer" });
    await page.route(READINGS, () => new Promise(() => {}));
    await page.evaluate((hash) => {
      location.hash = hash;
    }, AT);
    await card(page).getByRole("status", { name: "Loading readings" }).waitFor();
  });

  it.each(["light", "dark"] as const)("have no WCAG AA violations in the %s theme", async (theme) => {
    const { page } = await open((query) => pointsAt(query, [0, 1, 2, 60]), { theme });
    await picture(page).waitFor();
    await card(page).getByText("4 steps as a table").click();
    expect(await violationsOf(page)).toEqual([]);
  });

  it.each([360, 2_560])("do not scroll horizontally at %i px", async (width) => {
    const { page } = await open((query) => pointsAt(query, [0, 1, 2]), { width });
    await picture(page).waitFor();
    await card(page).getByText("3 steps as a table").click();
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
  });
});
