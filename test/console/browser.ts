import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { type OpsRole, signOpsToken } from "#auth/ops-user.ts";
import { LOCAL_TOKEN_SECRET } from "#auth/token.ts";

/** Names that Chromium goes by; CONCORD_CHROMIUM names another. */
const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

const executablePath =
  process.env.CONCORD_CHROMIUM ??
  (process.env.PATH ?? "")
    .split(":")
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
    .find((path) => existsSync(path));

export const hasBrowser = executablePath !== undefined;
if (!hasBrowser) {
  console.warn(
    "No Chromium was found, so the console is not tested: apt-get install -y chromium, or CONCORD_CHROMIUM.",
  );
}

export const launch = (): Promise<Browser> =>
  chromium.launch({ ...(executablePath && { executablePath }), args: ["--no-sandbox", "--disable-dev-shm-usage"] });

let launched: Promise<Browser> | undefined;

/** The browser that all files share until their process ends; each closes its own tabs. */
export const sharedBrowser = (): Promise<Browser> => (launched ??= launch());

export const closeTabs = async (browser: Browser | undefined): Promise<void> => {
  await Promise.all((browser?.contexts() ?? []).map((context) => context.close()));
};

export type Visit = {
  readonly url: string;
  /** Behind /ops, with its `#`. */
  readonly at?: string;
  readonly role?: OpsRole;
  readonly width?: number;
  readonly height?: number;
  readonly theme?: "light" | "dark";
};

/** A tab with the console in it. What the page reports as an error is gathered in `problems`. */
export type Tab = { readonly page: Page; readonly problems: string[] };

/** The console in a tab of its own, as somebody who has signed in by its form. */
export async function visit(browser: Browser, { url, at = "#/flow", role = "operator", ...view }: Visit): Promise<Tab> {
  const tab = await newTab(browser, view);
  const { page, problems } = tab;
  await page.goto(`${new URL("/ops", url)}${at}`);
  await page.getByLabel("Token").fill(await tokenFor(role));
  await page.getByRole("button", { name: "Open the console" }).click();
  await page.getByRole("navigation", { name: "Pages" }).waitFor();
  // Asking who one is without a token is how the console finds out that it needs one.
  problems.length = 0;
  return tab;
}

/** No page of the console has this address, so a tab that is there asks for nothing. */
const NOWHERE = "#/nowhere";

/**
 * Tabs that the tests of a file use one after the other. A page and a sign-in take a second, and going to another page of
 * the console a tenth of one; what a page knew is gone when it is left, as for its users.
 */
export class Tabs {
  readonly #browser: Browser;
  readonly #url: string;
  readonly #idle = new Map<string, Tab[]>();
  readonly #used: { readonly key: string; readonly tab: Tab }[] = [];

  constructor(browser: Browser, url: URL) {
    this.#browser = browser;
    this.#url = url.href;
  }

  /** A tab at this address, of somebody who is signed in. */
  async open({ at = "#/flow", role = "operator", ...view }: Omit<Visit, "url"> = {}): Promise<Tab> {
    const key = JSON.stringify([role, view.width, view.height, view.theme]);
    const tab = this.#idle.get(key)?.pop() ?? (await this.#signedIn(role, view));
    this.#used.push({ key, tab });
    tab.problems.length = 0;
    await tab.page.goto(`${new URL("/ops", this.#url)}${at}`);
    await tab.page.getByRole("navigation", { name: "Pages" }).waitFor();
    return tab;
  }

  /** For `afterEach`. Whatever a test has done to its tab is undone; a tab of a test that failed is closed. */
  async leaveAll({ hasFailed }: { readonly hasFailed: boolean }): Promise<void> {
    await Promise.all(
      this.#used.splice(0).map(async ({ key, tab }) => {
        const { page } = tab;
        const isReusable = !hasFailed && !page.isClosed() && (await leave(page));
        if (isReusable) this.#idle.set(key, [...(this.#idle.get(key) ?? []), tab]);
        else await page.context().close();
      }),
    );
  }

  async close(): Promise<void> {
    const tabs = [...this.#idle.values()].flat();
    this.#idle.clear();
    await Promise.all(tabs.map(({ page }) => page.context().close()));
  }

  async #signedIn(role: OpsRole, view: View): Promise<Tab> {
    const tab = await newTab(this.#browser, view);
    await tab.page.goto(`${new URL("/ops", this.#url)}${NOWHERE}`);
    await tab.page.evaluate((token) => sessionStorage.setItem("concord.token", token), await tokenFor(role));
    await tab.page.reload();
    return tab;
  }
}

/** @returns whether the tab can be used again: whoever has signed out in it has not left it as it was */
async function leave(page: Page): Promise<boolean> {
  await page.unrouteAll({ behavior: "ignoreErrors" });
  await page.emulateMedia({ reducedMotion: null });
  await page.evaluate((hash) => {
    location.hash = hash;
  }, NOWHERE);
  return page.getByRole("navigation", { name: "Pages" }).isVisible();
}

type View = Pick<Visit, "width" | "height" | "theme">;

async function newTab(browser: Browser, { width = 1280, height = 900, theme = "light" }: View): Promise<Tab> {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  return { page, problems };
}

export const tokenFor = (role: OpsRole): Promise<string> =>
  signOpsToken({ actor: `${role}@example.com`, role }, LOCAL_TOKEN_SECRET, "1h");
