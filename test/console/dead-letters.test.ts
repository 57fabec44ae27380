import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { connect } from "../../local/clients.ts";
import { type Stack, startStack } from "../../local/stack.ts";
import type { Letter } from "../../src/shared/desk/api.ts";
import { yesterdaysConfig } from "../support/yesterday.ts";
import { complaintsOf } from "./axe.ts";
import { closeTabs, hasBrowser, sharedBrowser, tokenFor, type Visit, visit } from "./browser.ts";

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
  let browser: Browser;

  beforeAll(async () => {
    [stack, browser] = await Promise.all([startStack({ configOf: yesterdaysConfig }), sharedBrowser()]);
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
  // A page that is left open goes on asking.
  afterEach(() => closeTabs(browser));
  afterAll(() => stack?.stop());

  const open = (at: string, more: Partial<Visit> = {}) => visit(browser, { url: stack.url.href, at, ...more });

  async function lettersOf(topic: string, role: "viewer" | "admin" = "viewer"): Promise<Letter[]> {
    const response = await fetch(new URL(`/ops/api/dead-letters?topic=${topic}`, stack.url), {
      headers: { Authorization: `Bearer ${await tokenFor(role)}` },
    });
    return ((await response.json()) as { deadLetters: Letter[] }).deadLetters;
  }

  const rowOf = (page: Page, text: string) => page.getByRole("row").filter({ hasText: text });
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

  it("drains a group from its plan to its end, and shows it resolved", async () => {
    const { page, problems } = await open("#/groups");
    await rowOf(page, MODES).getByRole("img", { name: "30 failures in the last 24 hours, by hour" }).waitFor();
    await rowOf(page, MODES).getByRole("link").click();
    await page.getByRole("img", { name: /^30 failures by hour/ }).waitFor();
    await planAndStart(page, "modes are known now");
    await page.getByRole("heading", { name: "The plan for 30 letters" }).waitFor();
    await expect.poll(() => rowOf(page, "pass").textContent()).toContain("30");
    await page.getByText("30 of 30 are back").waitFor({ timeout: 40_000 });
    await expect.poll(() => page.locator("main").textContent()).not.toContain("can be started");
    await page.getByRole("heading", { name: "modes are known now done" }).waitFor();
    expect(await page.getByRole("img", { name: /^Progress/ }).getAttribute("aria-label")).toBe(
      "Progress: 30 applied, of 30",
    );
    await page.getByRole("link", { name: "Dead letters" }).click();
    await expect.poll(() => rowOf(page, MODES).textContent(), { timeout: 15_000 }).toMatch(/^resolved/);
    expect(problems).toEqual([]);
  });

  it("marks in a letter's payload what is wrong, and where something is missing, and leads to its device", async () => {
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
    const facts = page.getByRole("region", { name: "About it" });
    await facts.getByRole("link", { name: /^elt:console-/ }).click();
    await expect.poll(() => decodeURIComponent(page.url())).toMatch(/#\/devices\/elt:console-\d$/);
    expect(problems).toEqual([]);
  });

  it("shows what is not JSON as it is, to who has said why", async () => {
    const { page } = await open("#/letters?reason=not_json", { role: "admin" });
    await page.getByRole("table").getByRole("link").first().click();
    await button(page, "Unmask…").click();
    const dialog = page.getByRole("dialog");
    expect(await dialog.getByRole("button", { name: "Unmask" }).isDisabled()).toBe(true);
    await dialog.getByLabel("Why").fill("the producer asks what it sent");
    await dialog.getByRole("button", { name: "Unmask" }).click();
    await page.getByText("<status online='yes'/>", { exact: true }).waitFor();
    expect(await button(page, "Edit…").getAttribute("title")).toContain("not JSON");
    await page.getByText("the producer asks what it sent").waitFor();
  });

  it("throws a letter away for a reason, and takes that back", async () => {
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

  it("discards the letters that are ticked, and no others", async () => {
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
    await page.getByText("All letters that match").waitFor();
    const states = (await lettersOf(PROFILES)).map(({ state }) => state).sort();
    expect(states).toEqual(["discarded", "discarded", "open", "open", "open", "open"]);
  });

  it("keeps a dialog that was opened right behind another", async () => {
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

  it("lets an admin mend a payload beside the original, and replay it", async () => {
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

  it("replays a letter that would fail again only when it is forced to", async () => {
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

  it("previews a patch of a whole group before it is made, and makes the one that was looked at", async () => {
    const [letter] = await lettersOf(CUSTOMERS);
    const { page } = await open(`#/groups/${letter?.group}`, { role: "admin" });
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

  it("says where a group stands, with a note for the next one", async () => {
    const { page } = await open("#/groups?state=open");
    await rowOf(page, PROFILES).getByRole("link").click();
    await button(page, "Set state…").click();
    await page.getByLabel("ignored").check();
    await page.getByLabel("Note").fill("ticket 9");
    await button(page, "Set ignored").click();
    await page.getByRole("heading", { name: /ignored$/ }).waitFor();
    await page.getByRole("region", { name: "About it" }).getByText("ticket 9").waitFor();
    await page.getByRole("link", { name: "audit", exact: true }).click();
    await expect.poll(() => rowOf(page, "group.state").textContent()).toMatch(/state open → ignored.*ticket 9$/);
    expect(page.url()).toContain("target=");
  });

  it("shows a viewer masked values, and buttons that say why they do nothing", async () => {
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
      expect(await button(page, name).getAttribute("title")).toBe(`This is for role ${role}, and you are viewer.`);
    }
    await page.goto(`${new URL("/ops", stack.url)}#/groups/${letter?.group}`);
    await expect.poll(() => button(page, "Set state…").isDisabled()).toBe(true);
    expect(await button(page, "Plan a replay…").isDisabled()).toBe(true);
    expect(problems).toEqual([]);
  });

  it("pauses a run, says that it stands, and cancels it", async () => {
    const { page, problems } = await open("#/groups");
    await rowOf(page, ALERTS).getByRole("link").click();
    await planAndStart(page, "slowly", { "Letters a second": "1", Canary: "2" });
    await page.getByText(/ [1-9]\d? of 40 are back/).waitFor({ timeout: 20_000 });
    const back = () => page.getByText(/ of 40 are back/).textContent();
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

  it("says what would still fail and of which group, and starts nothing where nothing would be sent", async () => {
    const { page } = await open("#/groups");
    await rowOf(page, PROFILES).getByRole("link").click();
    await button(page, "Plan a replay…").first().click();
    await page.getByRole("dialog").getByRole("button", { name: "Plan", exact: true }).click();
    await page.getByRole("heading", { name: "No letter would be sent" }).waitFor();
    const [letter] = await lettersOf(PROFILES);
    const failing = rowOf(page, "still fail").getByRole("link");
    expect(await failing.textContent()).toContain("invalid_type at data.name");
    expect(await failing.getAttribute("href")).toBe(`#/groups/${letter?.group}`);
    expect(await button(page, "Start").count()).toBe(0);
    await button(page, "Drop the plan").click();
    await page.getByRole("heading", { name: /canceled$/ }).waitFor();
  });

  it("shows a long list page by page", async () => {
    const { page } = await open(`#/letters?topic=${MODES}`);
    const letters = page.getByRole("checkbox", { name: /^Select letter/ });
    await page.getByText("The first 25 letters").waitFor();
    await page.getByRole("columnheader").getByRole("button", { name: "Device" }).click();
    await page.getByText("The first 25 letters, sorted among themselves").waitFor();
    expect(await page.locator("tbody .device-cell a").first().textContent()).toMatch(/^elt:console-\d$/);
    await page.getByLabel("Failed in the last").selectOption("1h");
    await page.getByText("The first 25 letters").waitFor();
    expect(page.url()).toContain("within=1h");
    expect(await letters.count()).toBe(25);
    await button(page, "Show more").click();
    await page.getByText("30 letters", { exact: true }).waitFor();
    expect(await letters.count()).toBe(30);
    expect(await button(page, "Show more").count()).toBe(0);
  });

  it("keeps what somebody looks for in the address, and goes through a list by its keys", async () => {
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
    await page.getByText("No dead letters match").waitFor();
  });

  it("says what was wrong with what it was asked, and what is not there", async () => {
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

  it("tells the audit log by who, what and to which, and leads to what it was done to", async () => {
    const { page } = await open("#/audit?action=letter.edit");
    await expect.poll(() => page.getByRole("row").count()).toBeGreaterThan(1);
    await page.getByLabel("Who").fill("nobody@example.com");
    await page.getByText("No entries match").waitFor();
    await button(page, "Clear filters").click();
    await page.getByLabel("Action").selectOption("letter.discard");
    const row = rowOf(page, "a test device");
    await expect.poll(() => row.textContent()).toContain("operator@example.com");
    await row.getByRole("link").click();
    await page.getByRole("heading", { name: /^Letter/ }).waitFor();
  });

  describe("whoever looks, and on whatever", () => {
    /** A page of each kind. */
    async function places(): Promise<string[]> {
      const [profile] = await lettersOf(PROFILES);
      const edited = (await lettersOf(CUSTOMERS))[0];
      const response = await fetch(new URL("/ops/api/runs", stack.url), {
        headers: { Authorization: `Bearer ${await tokenFor("viewer")}` },
      });
      const { runs } = (await response.json()) as { runs: { id: string }[] };
      const run = runs[0]?.id;
      return ["groups", `groups/${profile?.group}`, "letters", `letters/${profile?.id}`, `letters/${edited?.id}`]
        .concat(["runs", `runs/${run}`, "audit"])
        .map((path) => `#/${path}`);
    }

    async function goTo(page: Page, at: string): Promise<void> {
      await page.evaluate((hash) => {
        location.hash = hash;
      }, at);
      await page.locator("main table, main dl, main .empty").first().waitFor();
    }

    it.each(["light", "dark"] as const)("has nothing that WCAG AA objects to, in %s", async (theme) => {
      const { page } = await open("#/groups", { role: "admin", theme });
      for (const at of await places()) {
        await goTo(page, at);
        expect([at, await complaintsOf(page)]).toEqual([at, []]);
      }
      await goTo(page, "#/groups");
      await rowOf(page, PROFILES).getByRole("link").click();
      for (const name of ["Plan a replay…", "Discard…", "Set state…", "Edit all…"]) {
        await button(page, name).first().click();
        expect([name, await complaintsOf(page)]).toEqual([name, []]);
        await page.keyboard.press("Escape");
      }
    });

    it("has links and buttons that a thumb can hit on a phone, and no column less", async () => {
      const { page } = await open("#/groups", { role: "admin", width: 390 });
      for (const at of await places()) {
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

    it.each([360, 2560])("does not scroll sideways at %i pixels", async (width) => {
      const { page } = await open("#/groups", { role: "admin", width });
      for (const at of await places()) {
        await goTo(page, at);
        const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect([at, beyond]).toEqual([at, Math.min(beyond, 0)]);
      }
    });
  });
});
