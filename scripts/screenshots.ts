import { mkdir } from "node:fs/promises";
import { parseArgs } from "node:util";
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
 * Draws the pictures of the console in docs/console/: a year of a small fleet is replayed, a producer has deployed a
 * change before its contract, and an operator finds it and replays the letters. With `--all <folder>` it also draws
 * every page there, on a phone, a desk and a wall, in both colours.
 */
const FOLDER = "docs/console";
const { values } = parseArgs({ options: { all: { type: "string" } } });
const FLEET = { seed: 1, devices: 120, events: 4_200 };
const EARLIER = 2_000;
/** Records per second, before the pictures and during them. */
const [FAST, STEADY] = [150, 10];
/** Longer than the time over which the flow page computes percentiles. */
const WARM_MS = 65_000;
const CALM_MS = 90_000;
const AHEAD = "device.elt.alert.raised";

if (!hasBrowser) {
  console.error("There is no browser to draw with: apt-get install -y chromium, or CONCORD_CHROMIUM.");
  process.exit(1);
}
await mkdir(FOLDER, { recursive: true });
console.log("Starting seven Workers, with yesterday's contracts, and a browser");
const [stack, browser] = await Promise.all([startStack({ configOf: yesterdaysConfig }), launch()]);
try {
  const clients = await connect(stack.url);
  const records = generate(FLEET);
  console.log(`Pushing ${EARLIER} records of a fleet, and ${AHEAD} from a producer that is ahead of us`);
  await clients.push(AHEAD, aheadOfUs(40));
  await replay(clients, records.slice(0, EARLIER), FAST, bar("pushed"));
  await stack.redeploy();
  await warmUp(clients, records);
  await drawFlow(clients, records.slice(EARLIER));
  await drawOps();
  await drawDevices(records);
  if (values.all) await drawAll(values.all, records);
} finally {
  await browser.close();
  await stack.stop();
}

async function open(at: string, more: Partial<Visit> = {}): Promise<Page> {
  const { page } = await visit(browser, { url: stack.url.href, at, width: 1280, height: 800, role: "admin", ...more });
  return page;
}

/** Waits until the page has loaded. */
async function draw(page: Page, name: string): Promise<void> {
  while ((await page.locator(".skeleton").count()) > 0) await page.waitForTimeout(100);
  await page.waitForTimeout(600);
  await page.screenshot({ path: `${FOLDER}/${name}.png` });
  console.log(`${FOLDER}/${name}.png`);
}

/** Reads every device's object once, as is usual except right after a deployment. */
async function warmUp(clients: Clients, records: readonly SampleRecord[]): Promise<void> {
  for (const key of new Set(records.flatMap((record) => keyOf(record) ?? []))) {
    await clients.query(
      "query ($key: String!) { device(key: $key) { history(first: 1) { edges { node { eventId } } } } }",
      {
        key,
      },
    );
  }
}

function keyOf({ topic, value, fault }: SampleRecord): string | undefined {
  if (fault || value === null) return undefined;
  return `${topic.split(".")[1]}:${(JSON.parse(value) as { deviceId: string }).deviceId}`;
}

async function drawFlow(clients: Clients, rest: readonly SampleRecord[]): Promise<void> {
  const day = await open("#/flow", { height: 960 });
  const going = replay(clients, rest, STEADY, bar("pushed")).catch(() => {});
  const ask = () => clients.query("{ devices(first: 5) { edges { node { key } } } }");
  // A device that fails is missing in the picture.
  const asking = setInterval(() => void ask().catch(() => {}), 400);
  await untilCalm(day);
  await draw(day, "flow");
  await day.goto(new URL("/ops#/topics", stack.url).href);
  await draw(day, "topics");
  // One after the other, since a browser that draws a wall-sized page takes CPU time that the Workers need.
  const wall = await open("#/flow", { width: 2560, height: 1440, theme: "dark" });
  await wall.waitForTimeout(15_000);
  await draw(wall, "flow-wall");
  await wall.context().close();
  const phone = await open("#/flow", { width: 390, height: 844 });
  await phone.waitForTimeout(15_000);
  await draw(phone, "flow-phone");
  await phone.context().close();
  await going;
  clearInterval(asking);
  await day.goto(new URL("/ops#/topics/device.ecobee.status.reported", stack.url).href);
  await draw(day, "topic");
}

/**
 * Waits until the latencies of the first records after a deployment are out of view, and then for a minute without
 * other load on this machine, if there is one soon.
 */
async function untilCalm(page: Page): Promise<void> {
  await page.waitForTimeout(WARM_MS);
  const visible = page.locator(".headlines > div").filter({ hasText: "p99 latency" }).locator(".headline");
  for (let waitedMs = 0; waitedMs < CALM_MS; waitedMs += 2_000) {
    if (/ ms$/.test((await visible.textContent()) ?? "")) return;
    await page.waitForTimeout(2_000);
  }
}

async function drawOps(): Promise<void> {
  const page = await open("#/groups");
  await page.getByRole("row").nth(2).waitFor();
  await draw(page, "groups");
  // The largest group of that topic is the one that a wider contract has made replayable.
  await page.goto(new URL(`/ops#/groups?topic=${AHEAD}&sort=-waiting`, stack.url).href);
  await page.getByRole("columnheader", { name: "Waiting" }).waitFor();
  await expectRows(page, AHEAD);
  await page.locator("tbody tr").first().getByRole("link").first().click();
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
  await page
    .getByText(/ of \d+ completed/)
    .first()
    .waitFor();
  await page.waitForTimeout(2_500);
  await draw(page, "run");
  const letters = await open("#/letters?reason=schema_mismatch&topic=device.ecobee.status.reported", { theme: "dark" });
  await letters.locator("a[href^='#/letters/']").first().click();
  await letters.getByRole("heading", { level: 1 }).waitFor();
  await draw(letters, "letter");
  const audit = await open("#/audit");
  await draw(audit, "audit");
}

/** Waits until the list shows one topic only. */
async function expectRows(page: Page, topic: string): Promise<void> {
  const rows = page.locator("tbody tr");
  while ((await rows.count()) === 0 || (await rows.filter({ hasNotText: topic }).count()) > 0) {
    await page.waitForTimeout(100);
  }
}

async function drawDevices(records: readonly SampleRecord[]): Promise<void> {
  const page = await open("#/devices");
  await draw(page, "devices");
  const device = await open(`#/devices/${encodeURIComponent(busiest(records))}?range=year`, { height: 1150 });
  await draw(device, "device");
}

async function drawAll(folder: string, records: readonly SampleRecord[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const theme of ["light", "dark"] as const) {
    for (const width of [390, 1440, 2560]) {
      const page = await open("#/flow", { width, height: width === 390 ? 844 : Math.round(width * 0.5625), theme });
      await page.waitForTimeout(3_000);
      for (const [name, at] of await findPages(page, records)) {
        await page.goto(new URL(`/ops${at}`, stack.url).href);
        // Once to leave the page before, and until what this one asks for has come.
        do await page.waitForTimeout(800);
        while ((await page.locator(".skeleton").count()) > 0);
        await page.screenshot({ path: `${folder}/${name}-${width}-${theme}.png`, fullPage: true });
      }
      await page.context().close();
    }
  }
}

/** A page of each kind, by a name. */
async function findPages(page: Page, records: readonly SampleRecord[]): Promise<[name: string, at: string][]> {
  const first = async (list: string) => {
    await page.goto(new URL(`/ops#/${list}`, stack.url).href);
    return (await page.locator(`main tbody a[href^='#/${list}/']`).first().getAttribute("href")) ?? "";
  };
  const lists = ["groups", "letters", "runs"];
  const ones: [string, string][] = [];
  for (const list of lists) ones.push([list.slice(0, -1), await first(list)]);
  const device = `#/devices/${encodeURIComponent(busiest(records))}`;
  return [
    ["flow", "#/flow"],
    ["topics", "#/topics"],
    ["topic", "#/topics/device.ecobee.status.reported"],
    ...lists.map((list): [string, string] => [list, `#/${list}`]),
    ...ones,
    ["devices", "#/devices"],
    ["device", device],
    ["audit", "#/audit"],
  ];
}

/** The device with records about the most kinds of entities. */
function busiest(records: readonly SampleRecord[]): string {
  const kinds = new Map<string, Set<string>>();
  for (const record of records) {
    const key = keyOf(record);
    if (key !== undefined) kinds.set(key, (kinds.get(key) ?? new Set()).add(record.topic.split(".")[2] ?? ""));
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
