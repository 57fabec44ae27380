import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { connect } from "../../local/clients.ts";
import type { Stack } from "../../local/stack.ts";
import { eventValue } from "../support/records.ts";
import { sharedStack } from "../support/shared-stack.ts";
import { violationsOf } from "./axe.ts";
import { hasBrowser, sharedBrowser, Tabs } from "./browser.ts";

const GOOD = "device.elt.status.reported";
const BAD = "device.ecobee.alert.raised";
const BAD_RECORDS = 3;

/** Longer than a busy machine takes to show what a second's tick brings. */
const SOON = { timeout: 20_000 };

describe.skipIf(!hasBrowser)("the flow and the topics in the console", () => {
  let stack: Stack;
  let tabs: Tabs;
  let clients: Awaited<ReturnType<typeof connect>>;
  let waiting = 0;

  beforeAll(async () => {
    const [shared, browser] = await Promise.all([sharedStack(), sharedBrowser()]);
    stack = shared;
    tabs = new Tabs(browser, stack.url);
    clients = await connect(stack.url);
    // Other files may have left letters of theirs.
    const others = (await clients.groups()).reduce((sum, { counts }) => sum + counts.open, 0);
    waiting = others + BAD_RECORDS;
    const broken = Array.from({ length: BAD_RECORDS }, (_, i) => ({ topic: BAD, key: `d-${i}`, value: `{"n":${i}}` }));
    await clients.push(BAD, broken);
  }, 120_000);
  afterEach(({ task }) => tabs?.leaveAll({ hasFailed: task.result?.state === "fail" }));
  afterAll(() => tabs?.close());

  const open = (at: string, more: Parameters<Tabs["open"]>[0] = {}) => tabs.open({ at, ...more });

  let pushed = 0;
  const push = (many: number) => {
    const records = Array.from({ length: many }, () => {
      // Last in every list: other files look for theirs on its first page.
      const deviceId = `zz-flow-${++pushed}`;
      const value = eventValue({ topic: GOOD, deviceId, eventId: `e-${pushed}`, data: { online: true, mode: "heat" } });
      return { topic: GOOD, key: deviceId, value: JSON.stringify(value) };
    });
    return clients.push(GOOD, records);
  };

  it("shows throughput, latency and how many events are in flight, as they change", async () => {
    const { page, problems } = await open("#/flow");
    const headline = (name: string) =>
      page.locator("dl.headlines > div").filter({ hasText: name }).locator(".headline");
    await expect.poll(() => headline("dead letters").textContent(), SOON).toBe(String(waiting));
    await push(60);
    await clients.query("{ devices(first: 1) { edges { node { key } } } }");
    const perSecond = async () => Number.parseFloat((await headline("events").textContent()) ?? "");
    await expect.poll(perSecond, SOON).toBeGreaterThan(1);
    await expect.poll(() => headline("p99 latency").textContent(), SOON).toMatch(/^\d.* (ms|s|min)$/);
    await expect.poll(() => headline("in flight").textContent(), SOON).toBe("0");
    // The picture says in words what it shows.
    await expect
      .poll(() => page.getByRole("group", { name: "The flow of events" }).getAttribute("aria-label"), SOON)
      .toMatch(/Sources to Boundary \d/);
    expect(problems).toEqual([]);
  });

  it("links from the diagram to the dead letters", async () => {
    const { page } = await open("#/flow");
    await page.locator("svg a", { hasText: "Dead letters" }).click();
    await page.getByRole("row").filter({ hasText: BAD }).waitFor();
  });

  it("shows that the connection is lost, and reconnects by itself", { timeout: 90_000 }, async () => {
    const { page } = await open("#/flow");
    await page.getByText("live", { exact: true }).waitFor();
    await page.route("**/ops/api/flow", (route) => route.abort());
    // The stream that is open goes on, so it is left and come back to.
    await page.evaluate(() => {
      location.hash = "#/audit";
    });
    await page.getByRole("heading", { name: "Audit" }).waitFor();
    await page.evaluate(() => {
      location.hash = "#/flow";
    });
    await page.getByText("Concord is out of reach from here.").waitFor();
    await page.unroute("**/ops/api/flow");
    await page.getByText("live", { exact: true }).waitFor({ timeout: 40_000 });
  });

  it("animates the diagram, unless the user prefers reduced motion", async () => {
    const phase = ({ page }: Awaited<ReturnType<typeof open>>) =>
      page.evaluate(
        () =>
          document
            .querySelector<SVGElement>(".flow-picture > g:has(.pipe-stream), .flow-picture > g[style]")
            ?.style.getPropertyValue("--phase") ?? "",
      );
    const moving = await open("#/flow");
    await expect.poll(() => phase(moving), SOON).not.toBe("");
    const still = await open("#/flow");
    await still.page.emulateMedia({ reducedMotion: "reduce" });
    await still.page.reload();
    await still.page.getByText("live", { exact: true }).waitFor();
    await still.page.waitForTimeout(500);
    expect(await phase(still)).toBe("");
  });

  it("shows each topic's state and failures, and links to their groups", async () => {
    await push(20);
    const { page, problems } = await open("#/topics");
    const row = page
      .getByRole("row")
      .filter({ hasText: "alert.raised" })
      .filter({ has: page.locator(`a[href*="${BAD}"]`) });
    await expect.poll(() => row.textContent(), SOON).toContain("failing");
    await row.getByRole("link", { name: String(BAD_RECORDS), exact: true }).click();
    await page.getByRole("row").filter({ hasText: BAD }).waitFor();
    await page.goBack();
    await page.locator(`a[href="#/topics/${GOOD}"]`).click();
    await page.getByRole("heading", { name: GOOD }).waitFor();
    await expect.poll(() => page.locator("main").textContent(), SOON).toMatch(/applied\s*\d+/);
    expect(problems).toEqual([]);
  });

  it("collapses silent topics, and lists the failing one first", async () => {
    await push(5);
    const { page } = await open("#/topics");
    const ecobee = page.getByRole("region", { name: "Source ecobee" });
    await expect.poll(() => ecobee.getByRole("row").nth(1).textContent(), SOON).toContain("alert.raised");
    const folded = ecobee.locator("details");
    expect(await folded.getByText(/^\d+ silent topics$/).isVisible()).toBe(true);
    expect(await folded.getByRole("link").first().isVisible()).toBe(false);
    await folded.locator("summary").click();
    await folded.getByRole("link", { name: "dealer.assigned", exact: true }).waitFor();
    const first = await page.locator("main section h2").first().textContent();
    expect(first).toBe("ecobee");
  });

  it("shows a topic's dead letters by minute, and its latency of the last hour", async () => {
    await push(5);
    const { page } = await open(`#/topics/${BAD}`);
    const over = page.getByRole("region", { name: "Records over time" });
    await over
      .getByRole("img", { name: `${BAD_RECORDS} dead letters by minute, at most ${BAD_RECORDS} in one` })
      .waitFor();
    await over.getByRole("link", { name: "30 days" }).click();
    await over
      .getByRole("img", { name: `${BAD_RECORDS} dead letters by hour, at most ${BAD_RECORDS} in one` })
      .waitFor();
    expect(page.url()).toContain("range=30d");
    await page.goto(`${new URL("/ops", stack.url)}#/topics/${GOOD}`);
    const freshness = page.locator(".topic-figures div").filter({ hasText: "p99, last hour" });
    await expect.poll(() => freshness.textContent(), SOON).toMatch(/\d (ms|s)$/);
  });

  it("sorts a table by a column, and keeps the order in the address", async () => {
    const { page } = await open("#/topics");
    const ecobee = page.getByRole("region", { name: "Source ecobee" });
    await ecobee.locator("summary").click();
    const names = () => ecobee.locator("details tbody th").allTextContents();
    await expect.poll(names).toContain("dealer.assigned");
    const before = await names();
    await ecobee.locator("details").getByRole("button", { name: "Topic" }).click();
    await expect.poll(names).toEqual(before.toSorted());
    await ecobee.locator("details").getByRole("button", { name: "Topic" }).click();
    await expect.poll(names).toEqual(before.toSorted().reverse());
    expect(page.url()).toContain("sort=-topic");
    await page.reload();
    await ecobee.locator("summary").click();
    await expect.poll(names).toEqual(before.toSorted().reverse());
  });

  it("draws the history from before the page was opened", async () => {
    const { page } = await open("#/audit");
    await page.route("**/ops/api/history?range=1h", (route) => {
      const received = Array.from({ length: 60 }, () => 600);
      const body = { atMs: Date.now(), stepMs: 60_000, received, deadLettered: received.map(() => 60) };
      return route.fulfill({ contentType: "application/json", body: JSON.stringify(body) });
    });
    await page.evaluate(() => {
      location.hash = "#/flow";
    });
    const line = page.locator(".rate-chart polyline.write");
    await expect.poll(() => line.getAttribute("points"), SOON).toMatch(/^0\.0,/);
    expect(await page.locator(".rate-axis").textContent()).toMatch(/\d\d:\d\d \S+/);
    await page.getByRole("link", { name: "24 hours" }).click();
    await page.getByText("Records per second, last 24 hours").waitFor();
  });

  it("goes to a page by Alt and its number, and skips the navigation by its first button", async () => {
    const { page } = await open("#/flow");
    await page.keyboard.press("Alt+2");
    await page.getByRole("heading", { name: "Topics" }).waitFor();
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("main");
    await page.reload();
    await page.getByRole("navigation", { name: "Pages" }).waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("main");
  });

  /** Pages, and what only each of them says. */
  const PAGES = [
    ["#/flow", "Records per second"],
    ["#/topics", "Objective:"],
    [`#/topics/${GOOD}`, "Outcomes, all time"],
    ["#/nowhere", "page does not exist"],
  ] as const;

  async function goTo(page: Page, [at, said]: (typeof PAGES)[number]): Promise<void> {
    await page.evaluate((hash) => {
      location.hash = hash;
    }, at);
    await page.locator("main").getByText(said).first().waitFor();
  }

  it.each(["light", "dark"] as const)(
    "has no WCAG AA violations in the %s theme",
    { timeout: 120_000 },
    async (theme) => {
      const { page } = await open("#/flow", { theme });
      await page.locator(".headlines").waitFor();
      for (const each of PAGES) {
        await goTo(page, each);
        expect(await violationsOf(page)).toEqual([]);
      }
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.getByLabel("Token").waitFor();
      expect(await violationsOf(page)).toEqual([]);
    },
  );

  it.each([360, 2560])("does not scroll horizontally at %d px", async (width) => {
    const { page } = await open("#/flow", { width });
    for (const each of PAGES) {
      await goTo(page, each);
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    }
  });
});
