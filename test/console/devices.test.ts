import type { Page } from "playwright-core";
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

/** Minutes before now: what the console shows is lately. */
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();

const push = (topic: string, deviceId: string, minutes: number, data: unknown) =>
  clients.push(topic, [
    {
      topic,
      key: deviceId,
      value: JSON.stringify(eventValue({ topic, deviceId, occurredAt: minutesAgo(minutes), data })),
    },
  ]);

const report = (deviceId: string, minutes: number, indoorTemperatureC: number) =>
  push("device.elt.status.reported", deviceId, minutes, { online: true, mode: "heat", indoorTemperatureC });

const at = (deviceId: string) => `#/devices/${encodeURIComponent(`elt:${deviceId}`)}`;

const open = (more: Parameters<Tabs["open"]>[0]) => tabs.open({ role: "viewer", ...more });

/** A device with a life: two dealers, a wish, alerts, a name that is personal, and a letter. */
async function tell(deviceId: string): Promise<void> {
  const entity = (name: string) => `device.elt.${name}`;
  const dealer = (dealerId: string, name: string) => ({ dealer: { dealerId, name } });
  const alert = (alertId: string, severity: string) => ({
    alertId,
    code: "E-7",
    severity,
    text: "The filter is full.",
  });
  // All at once: in which order they come does not matter.
  await Promise.all([
    push(entity("registration.created"), deviceId, 600, {
      model: "ELT-450",
      serialNumber: `SN-${deviceId}`,
      firmware: "3.8.1",
      registeredAt: minutesAgo(600),
      location: { country: "US", region: "Texas", city: "Secret Springs" },
    }),
    push(entity("dealer.assigned"), deviceId, 590, dealer("D-1", "Arctic Air")),
    push(entity("dealer.assigned"), deviceId, 300, dealer("D-2", "North Star")),
    push(entity("profile.updated"), deviceId, 290, { name: "Ann's bedroom", firmware: "3.8.2" }),
    push(entity("twin.desired"), deviceId, 200, { mode: "heat", heatSetpointC: 22 }),
    push(entity("alert.raised"), deviceId, 180, alert("a-1", "critical")),
    push(entity("alert.cleared"), deviceId, 100, { alertId: "a-1" }),
    push(entity("alert.raised"), deviceId, 90, alert("a-2", "warning")),
    push(entity("status.reported"), deviceId, 60, { online: true, mode: "cool", heatSetpointC: 22 }),
    push(entity("status.reported"), deviceId, 30, { online: "yes" }),
    report(deviceId, 20, 20.5),
  ]);
}

const settled = () =>
  vi.waitFor(async () => expect((await clients.outcomes()).inFlight).toBe(0), { timeout: 20_000, interval: 100 });

/** A busy machine takes its time. */
const eventually = <T>(read: () => T | Promise<T>) => expect.poll(read, { timeout: 30_000, interval: 50 });

const liveMark = (page: Page) => page.locator(".live-mark");

const listed = (page: Page) =>
  page.getByRole("region", { name: "Devices", exact: true }).getByRole("rowheader").allTextContents();

describe.skipIf(!hasBrowser)("the devices page", () => {
  beforeAll(async () => {
    const [shared, browser] = await Promise.all([sharedStack(), sharedBrowser()]);
    stack = shared;
    tabs = new Tabs(browser, stack.url);
    clients = await connect(stack.url);
    const others = ["find-1", "find-2", "other-1", "watch-1"];
    await Promise.all([tell("life-1"), ...others.map((deviceId) => report(deviceId, 10, 19))]);
    await settled();
  });
  afterEach(({ task }) => tabs?.leaveAll({ hasFailed: task.result?.state === "fail" }));
  afterAll(() => tabs?.close());

  it("finds a device while one types, and the same search is in the address", async () => {
    const { page, problems } = await open({ at: "#/devices" });
    await eventually(() => listed(page)).toContain("elt:other-1");
    const before = await page.evaluate(() => history.length);
    await page.keyboard.press("/");
    await page.keyboard.type("find", { delay: 20 });
    await eventually(() => listed(page)).toEqual(["elt:find-1", "elt:find-2"]);
    expect(new URL(page.url()).hash).toBe("#/devices?text=find");
    expect(await page.evaluate(() => history.length)).toBe(before);
    await page.reload();
    await eventually(() => listed(page)).toEqual(["elt:find-1", "elt:find-2"]);
    expect(await page.getByLabel("Find a device").inputValue()).toBe("find");
    await page.getByRole("link", { name: "elt:find-2" }).click();
    await page.getByRole("heading", { level: 1, name: "elt:find-2" }).waitFor();
    expect(problems).toEqual([]);
  });

  it("shows an empty state when no device matches, and filters by status", async () => {
    const { page } = await open({ at: "#/devices?text=find" });
    await eventually(() => listed(page)).toHaveLength(2);
    await page.getByLabel("Status").selectOption("RETIRED");
    await page.getByText("No devices match this search").waitFor();
    await page.getByLabel("Status").selectOption("ONLINE");
    await eventually(() => listed(page)).toHaveLength(2);
  });

  it("is sorted by the server, and offers only what it can sort by under the filters", async () => {
    const { page } = await open({ at: "#/devices" });
    const sorts = page.getByRole("columnheader").getByRole("button");
    await eventually(() => sorts.allTextContents()).toEqual([
      "Device ↑",
      "Serial number ↕",
      "Registered ↕",
      "Newest event ↕",
    ]);
    const keys = await listed(page);
    await sorts.first().click();
    await eventually(() => listed(page)).not.toEqual(keys);
    expect(page.url()).toContain("sort=-device");
    await sorts.last().click();
    await page.getByText("By the day of the newest event").waitFor();
    await page.getByLabel("Status").selectOption("ONLINE");
    await eventually(() => sorts.allTextContents()).toEqual(["Device ↑"]);
    expect(page.url()).not.toContain("sort=");
    await page.getByLabel("Find a device").fill("find");
    await eventually(() => listed(page)).toEqual(["elt:find-1", "elt:find-2"]);
    expect(await sorts.count()).toBe(0);
  });

  it("shows a device's report, desired state, dealers and alerts, and no personal data", async () => {
    const { page, problems } = await open({ at: at("life-1") });
    await page.getByRole("heading", { level: 1, name: /elt:life-1 Online 1 open alert/ }).waitFor();
    const twin = page.getByRole("region", { name: /Twin/ });
    expect(await twin.getByRole("row", { name: /Heat to/ }).textContent()).toContain("differs");
    expect(await twin.getByRole("row", { name: /Mode/ }).textContent()).not.toContain("differs");
    expect(await page.getByRole("region", { name: /Open alerts/ }).textContent()).toContain("The filter is full.");
    await eventually(() => page.locator(".timeline .band").count()).toBe(2);
    expect(await page.locator(".timeline .band title").allTextContents()).toEqual([
      expect.stringContaining("Arctic Air"),
      expect.stringContaining("North Star"),
    ]);
    expect(await page.locator(".timeline .alert-span").count()).toBe(2);
    const events = page.getByRole("list", { name: /Events/ });
    await eventually(() => events.getByRole("listitem").count()).toBe(10);
    await events.getByText("profile", { exact: true }).click();
    await events.getByText('"name": "•••"').waitFor();
    const text = await page.locator("main").textContent();
    for (const personal of ["Ann", "Secret Springs"]) expect(text).not.toContain(personal);
    expect(problems).toEqual([]);
  });

  it("shows an event as soon as it arrives, without a reload, marked as new", async () => {
    const { page, problems } = await open({ at: at("watch-1") });
    await eventually(() => liveMark(page).textContent()).toBe("Live");
    await page.evaluate(() => Object.assign(window, { isSamePage: true }));
    await eventually(() => page.locator(".events li").count()).toBe(1);
    expect(await page.locator(".events .badge").count()).toBe(0);
    await report("watch-1", 0, 26.4);
    const arrived = page.locator(".events li", { hasText: "26.4 °C" });
    await arrived.waitFor({ timeout: 3_000 });
    expect(await arrived.textContent()).toContain("New");
    expect(await page.locator(".device-head").textContent()).toContain("26.4 °C");
    await push("device.elt.alert.raised", "watch-1", 0, {
      alertId: "a-9",
      code: "E-9",
      severity: "critical",
      text: "Too hot.",
    });
    await eventually(() => page.getByRole("region", { name: /Open alerts/ }).textContent()).toContain("Too hot.");
    expect(await page.evaluate(() => "isSamePage" in window)).toBe(true);
    expect(problems).toEqual([]);
  });

  it("shows that updates have stopped, and reconnects by itself", async () => {
    const { page } = await open({ at: "#/audit" });
    await page.route("**/live", (route) => route.abort());
    await page.evaluate((hash) => {
      location.hash = hash;
    }, at("watch-1"));
    await eventually(() => liveMark(page).textContent()).toContain("Not live");
    await page.unroute("**/live");
    await eventually(() => liveMark(page).textContent()).toBe("Live");
  });

  it("links to the dead letters of a device", async () => {
    const { page } = await open({ at: at("life-1") });
    const letters = page.getByRole("region", { name: /Dead letters/ });
    const [letter] = (await clients.deadLetters("?device=elt:life-1")).deadLetters;
    expect(await letters.getByRole("link", { name: "schema_mismatch" }).getAttribute("href")).toBe(
      `#/letters/${encodeURIComponent(letter?.id ?? "")}`,
    );
    expect(await letters.getByRole("link", { name: "All of this device" }).getAttribute("href")).toBe(
      "#/letters?device=elt%3Alife-1",
    );
  });

  it("shows the dead letters of a device that does not exist yet", async () => {
    await push("device.elt.status.reported", "unborn", 5, { online: "yes" });
    const { page } = await open({ at: at("unborn") });
    await page.getByText("No device with this key").waitFor();
    await page.getByRole("link", { name: "schema_mismatch" }).waitFor({ timeout: 30_000 });
  });

  it.each(["light", "dark"] as const)("has no WCAG AA violations in the %s theme", async (theme) => {
    const { page } = await open({ theme });
    for (const [hash, shown] of [
      ["#/devices", "elt:life-1"],
      ["#/devices?text=nothing-there", "No devices match this search"],
      [at("life-1"), "Arctic Air"],
    ] as const) {
      await page.goto(`${new URL("/ops", stack.url)}${hash}`);
      await page.getByText(shown).first().waitFor({ state: "attached" });
      if (shown === "Arctic Air") {
        await page.locator(".events summary").first().click();
        await eventually(() => liveMark(page).textContent()).toBe("Live");
      }
      expect([hash, await violationsOf(page)]).toEqual([hash, []]);
    }
  });

  it.each([360, 2_560])("does not scroll horizontally at %i px", async (width) => {
    const { page } = await open({ at: "#/devices", width });
    await eventually(() => listed(page)).toContain("elt:life-1");
    const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
    expect(await fits()).toBe(true);
    await page.getByRole("link", { name: "elt:life-1" }).click();
    await page.locator(".events summary").first().click();
    await eventually(() => page.locator(".timeline svg").count()).toBe(1);
    expect(await fits()).toBe(true);
  });
});
