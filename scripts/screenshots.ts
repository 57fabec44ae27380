import { mkdir } from "node:fs/promises";
import type { Page } from "playwright-core";
import { type Clients, connect } from "../local/clients.ts";
import { replay } from "../local/replay.ts";
import { bar } from "../local/screen.ts";
import { startStack } from "../local/stack.ts";
import { generate } from "../samples/generate.ts";
import type { SampleRecord } from "../samples/record.ts";
import { hasBrowser, launch, type Visit, visit } from "../test/console/browser.ts";
import { yesterdaysConfig } from "../test/support/yesterday.ts";

/**
 * Draws the pictures of the console in docs/console/: a year of a small fleet goes by, a producer was ahead of our
 * contracts, and an operator looks around and puts it right.
 */
const FOLDER = "docs/console";
const FLEET = { seed: 1, devices: 120, events: 3_000 };
const EARLIER = 2_000;
/** Records a second, for the part that was and for the part that is looked at. */
const [FAST, STEADY] = [150, 40];
const AHEAD = "device.elt.alert.raised";

if (!hasBrowser) {
  console.error("There is no browser to draw with: apt-get install -y chromium, or CONCORD_CHROMIUM.");
  process.exit(1);
}
await mkdir(FOLDER, { recursive: true });
console.log("Starting five Workers, with yesterday's contracts, and a browser");
const [stack, browser] = await Promise.all([startStack({ configOf: yesterdaysConfig }), launch()]);
try {
  const clients = await connect(stack.url);
  const records = generate(FLEET);
  console.log(`Pushing ${EARLIER} records of a fleet, and ${AHEAD} from a producer that is ahead of us`);
  await clients.push(AHEAD, aheadOfUs(40));
  await replay(clients, records.slice(0, EARLIER), FAST, bar("pushed"));
  await stack.redeploy();
  await drawFlow(clients, records.slice(EARLIER));
  await drawDesk();
  await drawDevices(records);
} finally {
  await browser.close();
  await stack.stop();
}

async function open(at: string, more: Partial<Visit> = {}): Promise<Page> {
  const { page } = await visit(browser, { url: stack.url.href, at, width: 1280, height: 800, role: "admin", ...more });
  return page;
}

/** Lets what is loading arrive. */
async function draw(page: Page, name: string): Promise<void> {
  while ((await page.locator(".bone").count()) > 0) await page.waitForTimeout(100);
  await page.waitForTimeout(600);
  await page.screenshot({ path: `${FOLDER}/${name}.png` });
  console.log(`${FOLDER}/${name}.png`);
}

async function drawFlow(clients: Clients, rest: readonly SampleRecord[]): Promise<void> {
  const [day, wall, phone] = await Promise.all([
    open("#/flow", { height: 960 }),
    open("#/flow", { width: 2560, height: 1440, theme: "dark" }),
    open("#/flow", { width: 360, height: 780 }),
  ]);
  const going = replay(clients, rest, STEADY, bar("pushed")).catch(() => {});
  const ask = () => clients.query("{ devices(first: 5) { edges { node { key } } } }");
  // One that fails is one fewer in the picture.
  const asking = setInterval(() => void ask().catch(() => {}), 400);
  await day.waitForTimeout(20_000);
  await draw(day, "flow");
  await draw(wall, "flow-wall");
  await draw(phone, "flow-phone");
  await day.goto(new URL("/ops#/topics", stack.url).href);
  await draw(day, "topics");
  await going;
  clearInterval(asking);
  await day.goto(new URL("/ops#/topics/device.ecobee.status.reported", stack.url).href);
  await draw(day, "topic");
}

async function drawDesk(): Promise<void> {
  const page = await open("#/groups");
  await page.getByRole("row").nth(2).waitFor();
  await draw(page, "groups");
  await page.getByRole("row").filter({ hasText: AHEAD }).getByRole("link").first().click();
  await page.getByRole("row").nth(1).waitFor();
  await draw(page, "group");
  const plan = page.getByRole("button", { name: "Plan a replay…", exact: true }).first();
  await plan.click();
  await page.getByRole("dialog").getByRole("button", { name: "Plan", exact: true }).click();
  await page.getByRole("heading", { name: "Start the run" }).waitFor();
  await draw(page, "plan");
  await page.getByLabel("Name").fill("critical alerts are known now");
  await page.getByLabel("I have looked at the plan").check();
  await page.getByRole("button", { name: "Start", exact: true }).click();
  await page.getByText("are back").first().waitFor();
  await page.waitForTimeout(2_500);
  await draw(page, "run");
  const letters = await open("#/letters?reason=schema_mismatch&topic=device.ecobee.status.reported", { theme: "dark" });
  await letters.locator("a[href^='#/letters/']").first().click();
  await letters.getByRole("heading", { level: 1 }).waitFor();
  await draw(letters, "letter");
  const audit = await open("#/audit");
  await draw(audit, "audit");
}

async function drawDevices(records: readonly SampleRecord[]): Promise<void> {
  const page = await open("#/devices");
  await draw(page, "devices");
  await page.goto(new URL(`/ops#/devices/${encodeURIComponent(busiest(records))}`, stack.url).href);
  await draw(page, "device");
}

/** The device of which most kinds of things are told. */
function busiest(records: readonly SampleRecord[]): string {
  const kinds = new Map<string, Set<string>>();
  for (const { topic, value, fault } of records) {
    if (fault || value === null) continue;
    const [, source, entity] = topic.split(".");
    const key = `${source}:${(JSON.parse(value) as { deviceId: string }).deviceId}`;
    kinds.set(key, (kinds.get(key) ?? new Set()).add(entity ?? ""));
  }
  return [...kinds].sort(([, a], [, b]) => b.size - a.size)[0]?.[0] ?? "";
}

function aheadOfUs(many: number): SampleRecord[] {
  const occurredAt = new Date().toISOString();
  return Array.from({ length: many }, (_, i) => {
    const data = { alertId: `a-${i}`, code: "E-9", severity: "critical", text: "The coil is frozen." };
    const value = JSON.stringify({ eventId: `ahead-${i}`, occurredAt, deviceId: `roof-${i}`, data });
    return { topic: AHEAD, key: `roof-${i}`, value } as SampleRecord;
  });
}
