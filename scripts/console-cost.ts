import { startStack } from "../local/stack.ts";
import { hasBrowser, launch, visit } from "../test/console/browser.ts";

/**
 * Measures what the flow page costs the browser that has it open: CPU time of the page's own process, as a share of one
 * core, at 500 events per second. The events are reported to the metrics and not pushed, so that nothing else on this
 * machine is measured.
 */
const EVENTS_A_SECOND = 500;
const WARM_UP_SECONDS = 8;
const MEASURED_SECONDS = 15;
const LIMIT = 0.1;
const TOPIC = "device.ecobee.status.reported";

if (!hasBrowser) {
  console.log("Skipped: the cost of the flow page, for there is no browser.");
  process.exit(0);
}

type Metrics = { getByName(name: string): { report(report: object): Promise<void> } };

const [stack, browser] = await Promise.all([startStack(), launch()]);
try {
  const { METRICS } = await stack.worker<{ METRICS: Metrics }>("concord-metrics").getEnv();
  await METRICS.getByName("metrics").report({ socketsOpened: { device: 40 } });
  const { page } = await visit(browser, { url: stack.url.href });
  let lastReport: Promise<void> | undefined;
  const told = setInterval(() => {
    lastReport = METRICS.getByName("metrics").report(makeSecond(EVENTS_A_SECOND));
  }, 1_000);
  await wait(WARM_UP_SECONDS);
  const shown = await page.locator(".headline").first().textContent();
  const before = await rendererSeconds();
  const startedMs = performance.now();
  await wait(MEASURED_SECONDS);
  const share = (((await rendererSeconds()) - before) * 1_000) / (performance.now() - startedMs);
  clearInterval(told);
  await lastReport;
  console.log(
    `The flow page shows ${shown} and takes ${(share * 100).toFixed(1)} % of a core (at most ${LIMIT * 100} %).`,
  );
  if (share > LIMIT) process.exitCode = 1;
  if (!/^(4[5-9]|5[0-4])\d\/s$/.test(shown ?? "")) {
    console.error(`The page should show about ${EVENTS_A_SECOND}/s, so nothing was measured.`);
    process.exitCode = 1;
  }
} finally {
  await browser.close();
  await stack.stop();
}

/** CPU time of all pages' processes so far; there is one page. */
async function rendererSeconds(): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  return processInfo.filter(({ type }) => type === "renderer").reduce((sum, { cpuTime }) => sum + cpuTime, 0);
}

function makeSecond(events: number): object {
  return {
    accepted: { [TOPIC]: events },
    outcomes: { [`${TOPIC} applied`]: events - 10 },
    deadLettered: { [`${TOPIC} schema_mismatch`]: 10 },
    replayed: { [TOPIC]: 2 },
    receivedToVisibleMs: { [`${TOPIC} 50`]: events / 2, [`${TOPIC} 250`]: events / 2, [`${TOPIC} sum`]: events * 90 },
    clientRequests: { "dev 200": 20, "unknown 401": 1 },
    graphqlMs: { "query other 25": 30, "query other sum": 500 },
    graphqlRowsRead: { other: 120 },
    batches: 5,
    d1RowsWritten: events,
    objectWrites: events,
  };
}

function wait(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
}
