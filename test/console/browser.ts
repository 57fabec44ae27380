import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { type DeskRole, signDeskToken } from "../../src/shared/auth/desk-user.ts";
import { LOCAL_TOKEN_SECRET } from "../../src/shared/auth/token.ts";

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
  readonly role?: DeskRole;
  readonly width?: number;
  readonly height?: number;
  readonly theme?: "light" | "dark";
};

/** The console in a tab of its own, as somebody who has signed in. What the page complains of is gathered in `problems`. */
export async function visit(
  browser: Browser,
  { url, at = "#/flow", role = "operator", width = 1280, height = 900, theme = "light" }: Visit,
): Promise<{ page: Page; problems: string[] }> {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  await page.goto(`${new URL("/ops", url)}${at}`);
  await page.getByLabel("Token").fill(await tokenFor(role));
  await page.getByRole("button", { name: "Open the console" }).click();
  await page.getByRole("navigation", { name: "Pages" }).waitFor();
  // Asking who one is without a token is how the console finds out that it needs one.
  problems.length = 0;
  return { page, problems };
}

export const tokenFor = (role: DeskRole): Promise<string> =>
  signDeskToken({ actor: `${role}@example.com`, role }, LOCAL_TOKEN_SECRET, "1h");
