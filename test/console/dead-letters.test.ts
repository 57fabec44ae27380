import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { connect } from "../../local/clients.ts";
import { type Stack, startStack } from "../../local/stack.ts";
import { yesterdaysConfig } from "../support/yesterday.ts";
import { hasBrowser, sharedBrowser, Tabs } from "./browser.ts";
import { lettersIn, rowOf } from "./letters.ts";

const MODES = "device.elt.status.reported";
const ALERTS = "device.elt.alert.raised";
const PROFILES = "device.elt.profile.updated";
const CUSTOMERS = "device.ecobee.customer.assigned";
const PHONE = "+1 512 555 0177";

/** How many are sent, and what they hold: modes and alerts are known today, the others lack something. */
const SENT: Readonly<Record<string, readonly [many: number, (i: number) => object]>> = {
  [MODES]: [30, (i) => ({ online: true, mode: "off", indoorTemperatureC: i })],
  [ALERTS]: [40, (i) => ({ alertId: `a-${i}`, code: "E-9", severity: "critical", text: "Frozen." })],
  [PROFILES]: [6, (i) => ({ model: `M-${i}`, features: ["economizer", 7] })],
  [CUSTOMERS]: [3, (i) => ({ customer: { customerId: `C-${i}`, phone: PHONE } })],
};

describe.skipIf(!hasBrowser)("dead letters in the console", () => {
  let stack: Stack;
  let tabs: Tabs;

  beforeAll(async () => {
    const [started, browser] = await Promise.all([startStack({ configOf: yesterdaysConfig }), sharedBrowser()]);
    stack = started;
    tabs = new Tabs(browser, stack.url);
    const clients = await connect(stack.url);
    for (const [topic, [many, dataOf]] of Object.entries(SENT)) {
      const records = Array.from({ length: many }, (_, i) => {
        const deviceId = `console-${i}`;
        const event = { eventId: `${topic}-${i}`, occurredAt: "2026-11-20T10:00:00.000Z", deviceId, data: dataOf(i) };
        return { topic, key: deviceId, value: JSON.stringify(event) };
      });
      expect(await clients.push(topic, records)).toEqual({ accepted: 0, deadLettered: many });
    }
    await clients.push("device.infinity.status.reported", [
      { topic: "device.infinity.status.reported", key: "x", value: "<status online='yes'/>" },
    ]);
    const counts = async () => (await clients.groups()).map(({ counts: { open } }) => open).sort((a, b) => a - b);
    await vi.waitFor(async () => expect(await counts()).toEqual([1, 3, 6, 30, 40]), { timeout: 20_000, interval: 200 });
    await stack.redeploy();
  }, 120_000);
  afterEach(({ task }) => tabs?.leaveAll({ hasFailed: task.result?.state === "fail" }));
  afterAll(async () => {
    await tabs?.close();
    await stack?.stop();
  });

  const open = (at: string, more: Parameters<Tabs["open"]>[0] = {}) => tabs.open({ at, ...more });
  const lettersOf = (topic: string) => lettersIn(stack, topic);

  /** Those that the page recommends. */
  const mainButtons = (page: Page) => page.locator("header button.primary:enabled").allTextContents();
  const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });

  /** Plans what the page offers, looks at the plan, and starts it. */
  async function planAndStart(page: Page, name: string, pace: Readonly<Record<string, string>> = {}): Promise<void> {
    await button(page, "Plan a replay…").first().click();
    await page.getByRole("dialog").getByRole("button", { name: "Plan", exact: true }).click();
    await page.getByRole("heading", { name: "Start the run" }).waitFor();
    await page.getByLabel("Name").fill(name);
    for (const [label, value] of Object.entries(pace)) await page.getByLabel(label).fill(value);
    expect(await button(page, "Start").isDisabled()).toBe(true);
    await page.getByLabel("I have looked at the plan").check();
    await button(page, "Start").click();
  }

  it("replays a whole group by a plan and a run, and shows the group as resolved", async () => {
    const { page, problems } = await open("#/groups");
    await rowOf(page, MODES).getByRole("img", { name: "30 failures in the last 24 hours, by hour" }).waitFor();
    await rowOf(page, MODES).getByRole("link").click();
    await page.getByRole("img", { name: /^30 failures by hour/ }).waitFor();
    expect(await mainButtons(page)).toEqual(["Plan a replay…"]);
    await planAndStart(page, "modes are known now");
    await page.getByRole("heading", { name: "The plan for 30 letters" }).waitFor();
    await expect.poll(() => rowOf(page, "pass").textContent()).toContain("30");
    await page.getByText("30 of 30 completed").waitFor({ timeout: 40_000 });
    await expect.poll(() => page.locator("main").textContent()).not.toContain("can be started");
    await page.getByRole("heading", { name: "modes are known now done" }).waitFor();
    expect(await page.getByRole("img", { name: /^Progress/ }).getAttribute("aria-label")).toBe(
      "Progress: 30 applied, of 30",
    );
    await page.getByRole("link", { name: "Dead letters" }).click();
    await expect.poll(() => rowOf(page, MODES).textContent(), { timeout: 15_000 }).toMatch(/^resolved/);
    expect(problems).toEqual([]);
  });

  it("marks invalid and missing fields in a letter's payload, and links to its device", async () => {
    const { page, problems } = await open(`#/letters?topic=${PROFILES}`);
    await page.getByRole("table").getByRole("link").first().click();
    const payload = page.getByRole("region", { name: "Payload" });
    await payload.waitFor();
    const marked = await payload.locator(".marked").allTextContents();
    expect(marked).toEqual([
      expect.stringMatching(/^"••• number"✗ .*expected string, received number$/),
      expect.stringMatching(/^"name": missing✗ .*expected string/),
    ]);
    const lines = await payload.getByRole("listitem").allTextContents();
    expect(lines.findIndex((line) => line.startsWith('"name": missing'))).toBe(lines.length - 3);
    const facts = page.getByRole("region", { name: "Details" });
    await facts.getByRole("link", { name: /^elt:console-/ }).click();
    await expect.poll(() => decodeURIComponent(page.url())).toMatch(/#\/devices\/elt:console-\d$/);
    expect(problems).toEqual([]);
  });

  it("shows an admin a payload that is not JSON unchanged, after a reason is given", async () => {
    const { page } = await open("#/letters?reason=not_json", { role: "admin" });
    await page.getByRole("table").getByRole("link").first().click();
    await button(page, "Unmask…").click();
    const dialog = page.getByRole("dialog");
    expect(await dialog.getByRole("button", { name: "Unmask" }).isDisabled()).toBe(true);
    await dialog.getByLabel("Why").fill("the producer asks what it sent");
    await dialog.getByRole("button", { name: "Unmask" }).click();
    await page.getByText("<status online='yes'/>", { exact: true }).waitFor();
    expect(await button(page, "Edit…").getAttribute("title")).toContain("not JSON");
    expect(await mainButtons(page)).toEqual(["Discard…"]);
    await page.getByText("the producer asks what it sent").waitFor();
  });

  it("discards a letter with a reason, and restores it", async () => {
    const [letter] = await lettersOf(PROFILES);
    const { page, problems } = await open(`#/letters/${letter?.id}`);
    await button(page, "Discard…").click();
    const discard = page.getByRole("dialog").getByRole("button", { name: "Discard" });
    expect(await discard.isDisabled()).toBe(true);
    await page.keyboard.press("Escape");
    await expect.poll(() => page.getByRole("dialog").count()).toBe(0);
    expect(await button(page, "Discard…").evaluate((shown) => shown === document.activeElement)).toBe(true);
    await button(page, "Discard…").click();
    await page.getByLabel("Why").fill("a test device");
    await discard.click();
    await page.getByRole("heading", { name: /discarded$/ }).waitFor();
    await page.getByText("“a test device”").waitFor();
    await button(page, "Restore").click();
    await page.getByRole("heading", { name: /open$/ }).waitFor();
    expect((await lettersOf(PROFILES)).find(({ id }) => id === letter?.id)?.state).toBe("open");
    expect(problems).toEqual([]);
  });

  it("discards the selected letters, and no others", async () => {
    const { page } = await open(`#/letters?topic=${PROFILES}`);
    await page
      .getByRole("checkbox", { name: /^Select letter/ })
      .nth(4)
      .check();
    await page
      .getByRole("checkbox", { name: /^Select letter/ })
      .nth(5)
      .check();
    await page.getByText("2 letters selected").waitFor();
    await button(page, "Discard…").click();
    await page.getByLabel("Why").fill("two test devices");
    await page.getByRole("dialog").getByRole("button", { name: "Discard" }).click();
    await expect.poll(() => page.getByRole("row").filter({ hasText: "discarded" }).count()).toBe(2);
    await page.getByText("All letters that match these filters").waitFor();
    const states = (await lettersOf(PROFILES)).map(({ state }) => state).sort();
    expect(states).toEqual(["discarded", "discarded", "open", "open", "open", "open"]);
  });

  it("keeps a dialog open that was opened right after another one closed", async () => {
    const letter = (await lettersOf(PROFILES)).find(({ state }) => state === "open");
    const { page } = await open(`#/letters/${letter?.id}`);
    await button(page, "Discard…").click();
    await page.getByRole("dialog").waitFor();
    await page.evaluate(async () => {
      const press = (name: string) =>
        [...document.querySelectorAll("button")].find((each) => each.textContent === name)?.click();
      press("Cancel");
      // The page is drawn anew before the browser says that the first has closed.
      for (let i = 0; i < 20; i++) await Promise.resolve();
      press("Discard…");
    });
    await page.waitForTimeout(300);
    expect(await page.getByRole("dialog").count()).toBe(1);
  });

  it("lets an admin edit a payload beside the original, and replay it", async () => {
    const letter = (await lettersOf(PROFILES)).find(({ state }) => state === "open");
    const { page, problems } = await open(`#/letters/${letter?.id}`, { role: "admin" });
    expect(await button(page, "Edit…").getAttribute("title")).toMatch(/^Unmask it first/);
    await button(page, "Unmask…").click();
    await page.getByLabel("Why").fill("ticket 9");
    await page.getByRole("dialog").getByRole("button", { name: "Unmask" }).click();
    await button(page, "Replay").click();
    await page
      .getByRole("alert")
      .getByText(/would fail as before/)
      .waitFor();
    expect(await mainButtons(page)).toEqual(["Edit…"]);
    await button(page, "Edit…").click();
    const dialog = page.getByRole("dialog");
    const area = dialog.getByRole("textbox", { name: "Payload" });
    const before = await area.inputValue();
    await dialog.getByLabel("Why").fill("the CRM has the name");
    await area.fill(before.replace('"M-', '9007199254740993, "was": "M-'));
    await dialog.getByText("9007199254740993 would be rounded").waitFor();
    expect(await dialog.getByRole("button", { name: "Save the edit" }).isDisabled()).toBe(true);
    await area.fill(before.replace('"model"', '"name": "Waiting room", "model"'));
    await dialog.getByRole("button", { name: "Save the edit" }).click();
    // The number among the features is still there.
    await dialog.getByText(/the contract refuses the payload/).waitFor();
    await area.press("End");
    await area.press("Space");
    await expect.poll(() => dialog.getByText(/the contract refuses the payload/).count()).toBe(0);
    await area.fill(before.replace('"model"', '"name": "Waiting room", "model"').replace(/,\s*7/, ""));
    await dialog.getByRole("button", { name: "Save the edit" }).click();
    const edited = page.getByRole("region", { name: "Edited, revision 1: a replay sends this" });
    await edited.getByText('"Waiting room"').waitFor();
    // The refusal was of the payload as it came, and the payload is another now.
    await expect.poll(() => page.getByRole("alert").count()).toBe(0);
    await expect.poll(() => mainButtons(page)).toEqual(["Replay"]);
    expect(await page.getByRole("region", { name: "Payload as it came" }).textContent()).toContain('"name": missing');
    await button(page, "Replay").click();
    await page.getByRole("heading", { name: /resolved$/ }).waitFor({ timeout: 20_000 });
    await page.getByText(/^applied/).waitFor();
    expect(problems.filter((problem) => !/409|422/.test(problem))).toEqual([]);
  });

  it("replays a letter that would fail again only when the replay is forced", async () => {
    const letter = (await lettersOf(CUSTOMERS))[0];
    const { page } = await open(`#/letters/${letter?.id}`);
    await button(page, "Replay").click();
    await page
      .getByRole("alert")
      .getByText(/would fail as before/)
      .waitFor();
    expect(await page.getByRole("alert").textContent()).not.toContain("true");
    await button(page, "Force the replay").click();
    await page.getByText("2 times").waitFor({ timeout: 20_000 });
    await page.getByRole("heading", { name: /open$/ }).waitFor();
  });

  it("previews a patch of a whole group, and applies the one that was previewed", async () => {
    const [letter] = await lettersOf(CUSTOMERS);
    const { page } = await open(`#/groups/${letter?.group}`, { role: "admin" });
    await page.getByText("A replay would fail again for all 3 letters checked.").waitFor();
    expect(await mainButtons(page)).toEqual(["Edit all…"]);
    await button(page, "Edit all…").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Patch").fill('[{"op":"add","path":"/data/customer/name","value":"Clinic"}]');
    await dialog.getByLabel("Why").fill("they are all the clinic's");
    expect(await dialog.getByRole("button", { name: "Edit", exact: true }).isDisabled()).toBe(true);
    await dialog.getByRole("button", { name: "Preview" }).click();
    await dialog.getByText("3 of 3 letters would pass. None is edited yet.").waitFor();
    expect(await dialog.textContent()).not.toContain(PHONE);
    const sample = dialog.getByRole("region", { name: /^Letter/ }).first();
    expect(await sample.locator(".before .differs").count()).toBe(0);
    expect(await sample.locator(".after .differs").allTextContents()).toEqual(['"name": "•••"']);
    expect((await lettersOf(CUSTOMERS)).map(({ revision }) => revision)).toEqual([0, 0, 0]);
    await dialog.getByRole("button", { name: "Edit 3 letters" }).click();
    await dialog.getByText("3 letters edited. Replay the group now.").waitFor();
    expect((await lettersOf(CUSTOMERS)).map(({ revision }) => revision)).toEqual([1, 1, 1]);
  });

  it("sets the state of a group, with a note that everybody sees", async () => {
    const { page } = await open("#/groups?state=open");
    await rowOf(page, PROFILES).getByRole("link").click();
    await button(page, "Set state…").click();
    await page.getByLabel("ignored").check();
    await page.getByLabel("Note").fill("ticket 9");
    await button(page, "Set ignored").click();
    await page.getByRole("heading", { name: /ignored$/ }).waitFor();
    await page.getByRole("region", { name: "Details" }).getByText("ticket 9").waitFor();
    await page.getByRole("link", { name: "audit", exact: true }).click();
    await expect.poll(() => rowOf(page, "group.state").textContent()).toMatch(/state open → ignored.*ticket 9$/);
    expect(page.url()).toContain("target=");
  });

  it("shows a viewer masked values, and disabled buttons with the reason in their tooltip", async () => {
    const [letter] = await lettersOf(CUSTOMERS);
    const { page, problems } = await open(`#/letters/${letter?.id}`, { role: "viewer" });
    await page
      .getByRole("region", { name: /^Payload/ })
      .getByText('"•••"')
      .first()
      .waitFor();
    expect(await page.content()).not.toContain("555 0177");
    for (const [name, role] of [
      ["Replay", "operator"],
      ["Discard…", "operator"],
      ["Unmask…", "admin"],
      ["Edit…", "admin"],
    ] as const) {
      expect(await button(page, name).isDisabled()).toBe(true);
      expect(await button(page, name).getAttribute("title")).toBe(`Requires role ${role}; your role is viewer.`);
    }
    await page.goto(`${new URL("/ops", stack.url)}#/groups/${letter?.group}`);
    await expect.poll(() => button(page, "Set state…").isDisabled()).toBe(true);
    expect(await button(page, "Plan a replay…").isDisabled()).toBe(true);
    expect(problems).toEqual([]);
  });

  it("pauses a run, shows that it is paused, resumes it and cancels it", async () => {
    const { page, problems } = await open("#/groups");
    await rowOf(page, ALERTS).getByRole("link").click();
    await planAndStart(page, "slowly", { "Letters per second": "1", Canary: "2" });
    await page.getByText(/ [1-9]\d? of 40 completed/).waitFor({ timeout: 20_000 });
    const back = () => page.getByText(/ of 40 completed/).textContent();
    const earlier = await back();
    await expect.poll(back, { timeout: 5_000 }).not.toBe(earlier);
    await button(page, "Pause").click();
    await page.getByText("Paused: an operator paused it.").waitFor();
    await page.getByRole("heading", { name: "slowly paused" }).waitFor();
    await page.getByRole("link", { name: "Dead letters" }).click();
    const going = page.getByRole("region", { name: "Runs in progress" });
    await going.getByText("paused").waitFor();
    await going.getByRole("link", { name: "slowly" }).click();
    await button(page, "Resume").click();
    await page.getByRole("heading", { name: "slowly running" }).waitFor();
    await button(page, "Cancel the run…").click();
    await page.getByLabel("Why").fill("the contract is to be widened first");
    await button(page, "Cancel the run").click();
    await page.getByRole("heading", { name: "slowly canceled" }).waitFor();
    await page.getByText(/letters were not sent and still wait/).waitFor();
    expect(await button(page, "Resume").count()).toBe(0);
    await page.getByRole("link", { name: "audit", exact: true }).click();
    await expect.poll(() => rowOf(page, "run.cancel").textContent()).toMatch(/the contract is to be widened first$/);
    expect(problems).toEqual([]);
  });

  it("shows which groups would still fail, and offers no start when no letter would be sent", async () => {
    const { page } = await open("#/groups");
    await rowOf(page, PROFILES).getByRole("link").click();
    await page.getByText(/^A replay would fail again for/).waitFor();
    expect(await mainButtons(page)).toEqual([]);
    await button(page, "Plan a replay…").first().click();
    await page.getByRole("dialog").getByRole("button", { name: "Plan", exact: true }).click();
    await page.getByRole("heading", { name: "No letter would be sent" }).waitFor();
    const [letter] = await lettersOf(PROFILES);
    const failing = rowOf(page, "still fail").getByRole("link");
    expect(await failing.textContent()).toContain("invalid_type at data.name");
    expect(await failing.getAttribute("href")).toBe(`#/groups/${letter?.group}`);
    expect(await button(page, "Start").count()).toBe(0);
    await button(page, "Discard the plan").click();
    await page.getByRole("heading", { name: /canceled$/ }).waitFor();
  });

  it("shows why a query was refused, and that a run does not exist", async () => {
    const { page } = await open("#/letters?since=yesterday");
    await page
      .getByRole("alert")
      .getByText(/since must be a time/)
      .waitFor();
    await page.goto(`${new URL("/ops", stack.url)}#/runs/no-such-run`);
    await page
      .getByRole("alert")
      .getByText(/There is no run with this id/)
      .waitFor();
    await page.getByRole("button", { name: "Try again" }).waitFor();
  });

  it("filters the audit log by actor and action, and links to the target", async () => {
    const { page } = await open("#/audit?action=letter.edit");
    await expect.poll(() => page.getByRole("row").count()).toBeGreaterThan(1);
    await page.getByLabel("Actor").fill("nobody@example.com");
    await page.getByText("No entries match these filters").waitFor();
    await button(page, "Clear filters").click();
    await page.getByLabel("Action").selectOption("letter.discard");
    const row = rowOf(page, "a test device");
    await expect.poll(() => row.textContent()).toContain("operator@example.com");
    await row.getByRole("link").click();
    await page.getByRole("heading", { name: /^Letter/ }).waitFor();
  });
});
