import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { Run } from "#ops/api.ts";
import { connect } from "../../local/clients.ts";
import type { Stack } from "../../local/stack.ts";
import { sharedStack } from "../support/shared-stack.ts";
import { violationsOf } from "./axe.ts";
import { hasBrowser, sharedBrowser, Tabs } from "./browser.ts";
import { lettersIn, opsOf, rowOf } from "./letters.ts";

/** Two that have no contract, and one that has: the latter with fewer letters than test/console/flow.test.ts sends. */
const MANY = "device.elt.humidifier.reported";
const FEW = "device.elt.economizer.opened";
const PROFILES = "device.ecobee.profile.updated";
const SENT = { [MANY]: 30, [FEW]: 6, [PROFILES]: 2 };

describe.skipIf(!hasBrowser)("lists of dead letters in the console", () => {
  let stack: Stack;
  let tabs: Tabs;
  /** A page of each kind. */
  let places: readonly string[];

  beforeAll(async () => {
    const [shared, browser] = await Promise.all([sharedStack(), sharedBrowser()]);
    stack = shared;
    tabs = new Tabs(browser, stack.url);
    const { push } = await connect(stack.url);
    for (const [topic, many] of Object.entries(SENT)) {
      const records = Array.from({ length: many }, (_, i) => {
        const event = { eventId: `${topic}-${i}`, occurredAt: "2026-11-20T10:00:00.000Z", deviceId: `listed-${i}` };
        return { topic, key: `listed-${i}`, value: JSON.stringify({ ...event, data: { name: 7, features: [i] } }) };
      });
      expect(await push(topic, records)).toEqual({ accepted: 0, deadLettered: many });
    }
    const counted = async () => {
      const counts = Object.keys(SENT).map(async (topic) => (await lettersIn(stack, topic)).length);
      return Promise.all(counts);
    };
    await vi.waitFor(async () => expect(await counted()).toEqual([25, 6, 2]), { timeout: 20_000, interval: 200 });
    places = await placesOf(stack);
  }, 120_000);
  afterEach(({ task }) => tabs?.leaveAll({ hasFailed: task.result?.state === "fail" }));
  afterAll(() => tabs?.close());

  const open = (at: string, more: Parameters<Tabs["open"]>[0] = {}) => tabs.open({ at, ...more });
  const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });

  it("shows a long list page by page", async () => {
    const { page } = await open(`#/letters?topic=${MANY}`);
    const letters = page.getByRole("checkbox", { name: /^Select letter/ });
    await page.getByText("The first 25 letters").waitFor();
    const first = () =>
      page
        .getByRole("checkbox", { name: /^Select letter/ })
        .first()
        .getAttribute("aria-label");
    const newest = await first();
    // The server sorts all thirty, and the page has no button for what it cannot sort by.
    const heads = page.getByRole("columnheader");
    expect(await heads.getByRole("button").allTextContents()).toEqual(["Last failed ↓"]);
    await heads.getByRole("button").click();
    await expect.poll(first).not.toBe(newest);
    expect(page.url()).toContain("sort=last-failed");
    await button(page, "Show more").click();
    await page.getByText("30 letters", { exact: true }).waitFor();
    expect(await letters.last().getAttribute("aria-label")).toBe(newest);
    await heads.getByRole("button").click();
    await expect.poll(first).toBe(newest);
    await page.getByLabel("Failed in the last").selectOption("1h");
    await page.getByText("The first 25 letters").waitFor();
    expect(page.url()).toContain("within=1h");
    expect(await letters.count()).toBe(25);
    await button(page, "Show more").click();
    await page.getByText("30 letters", { exact: true }).waitFor();
    expect(await letters.count()).toBe(30);
    expect(await button(page, "Show more").count()).toBe(0);
  });

  it("keeps the search in the address, and moves through a list by its keys", async () => {
    const { page } = await open("#/letters");
    await page.getByRole("table").waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("economizer");
    await expect.poll(() => page.url()).toContain("text=economizer");
    await expect.poll(() => page.getByRole("row").count()).toBe(7);
    await page.reload();
    expect(await page.getByLabel("Text").inputValue()).toBe("economizer");
    await expect.poll(() => page.getByRole("row").count()).toBe(7);
    await page.getByRole("heading", { name: "Dead letters" }).click();
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("x");
    await page.getByText("1 letter selected").waitFor();
    const ticks = page.getByRole("checkbox", { name: /^Select letter/ });
    expect(await ticks.nth(1).isChecked()).toBe(true);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("k");
    await page.keyboard.press("ArrowUp");
    const first = await page.getByRole("table").getByRole("link").first().getAttribute("href");
    await page.keyboard.press("Enter");
    await page.getByRole("region", { name: /^Payload/ }).waitFor();
    expect(page.url()).toContain(first);
    await page.goBack();
    await page.getByLabel("Text").fill("nothing is called that");
    await page.getByText("No dead letters match these filters").waitFor();
  });

  describe("for all users and screens", () => {
    async function goTo(page: Page, at: string): Promise<void> {
      await page.evaluate((hash) => {
        location.hash = hash;
      }, at);
      await page.locator("main table, main dl, main .empty").first().waitFor();
    }

    it.each(["light", "dark"] as const)("has no WCAG AA violations in the %s theme", async (theme) => {
      const { page } = await open("#/groups", { role: "admin", theme });
      for (const at of places) {
        await goTo(page, at);
        expect([at, await violationsOf(page)]).toEqual([at, []]);
      }
      await goTo(page, "#/groups");
      await rowOf(page, PROFILES).getByRole("link").click();
      for (const name of ["Plan a replay…", "Discard…", "Set state…", "Edit all…"]) {
        await button(page, name).first().click();
        expect([name, await violationsOf(page)]).toEqual([name, []]);
        await page.keyboard.press("Escape");
      }
    });

    it("has touch targets of at least 40 px on a phone, and every column", async () => {
      const { page } = await open("#/groups", { role: "admin", width: 390 });
      for (const at of places) {
        await goTo(page, at);
        const small = await page.evaluate(() =>
          [...document.querySelectorAll("main :is(button, select, summary, .rows a, nav a)")]
            .map((each) => [each.textContent, each.getBoundingClientRect().height] as const)
            .filter(([, height]) => height > 0 && height < 40),
        );
        expect([at, small]).toEqual([at, []]);
      }
      await goTo(page, "#/groups");
      const labels = await page
        .locator("tbody tr")
        .first()
        .locator("td:visible")
        .evaluateAll((cells) => cells.map((cell) => cell.getAttribute("data-label")));
      const COLUMNS = ["State", "Reason", "Waiting", "Letters", "Last 24 h", "By state", "First failed", "Last failed"];
      expect(labels).toEqual(COLUMNS);
    });

    it.each([360, 2560])("does not scroll horizontally at %i px", async (width) => {
      const { page } = await open("#/groups", { role: "admin", width });
      for (const at of places) {
        await goTo(page, at);
        const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect([at, beyond]).toEqual([at, Math.min(beyond, 0)]);
      }
    });
  });
});

/** One of the letters is edited, and a replay of another is planned. */
async function placesOf(stack: Stack): Promise<string[]> {
  const [plain, edited] = await lettersIn(stack, PROFILES);
  const patch = [{ op: "replace", path: "/data", value: { name: "Hall", features: [] } }];
  const body = { patch, reason: "the CRM has the name", revision: 0 };
  await opsOf(stack, `/dead-letters/${edited?.id}`, { method: "PATCH", role: "admin", body });
  const selection = { ids: [edited?.id] };
  const run = await opsOf<Run>(stack, "/plans", { method: "POST", role: "operator", body: { selection } });
  return ["groups", `groups/${plain?.group}`, "letters", `letters/${plain?.id}`, `letters/${edited?.id}`]
    .concat(["runs", `runs/${run.id}`, "audit"])
    .map((path) => `#/${path}`);
}
