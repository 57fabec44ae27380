import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { reportHtml } from "../../parity/report/html.ts";
import { fullReport, HOSTILE } from "../support/parity-report.ts";
import { violationsOf } from "./axe.ts";
import { hasBrowser, sharedBrowser } from "./browser.ts";

describe.skipIf(!hasBrowser)("the report of concord parity in a browser", () => {
  let folder: string;
  let url: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "concord-parity-report-"));
    const path = join(folder, "report.html");
    writeFileSync(path, reportHtml(fullReport(HOSTILE)));
    url = pathToFileURL(path).href;
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  async function withPage(view: { width: number; colorScheme: "light" | "dark" }, act: (page: Page) => Promise<void>) {
    const { width, colorScheme } = view;
    const context = await (await sharedBrowser()).newContext({ colorScheme, viewport: { width, height: 900 } });
    const page = await context.newPage();
    const [requests, problems]: string[][] = [[], []];
    page.on("request", (request) => requests?.push(request.url()));
    page.on("console", (message) => problems?.push(message.text()));
    page.on("pageerror", (error) => problems?.push(error.message));
    page.on("dialog", (dialog) => problems?.push(dialog.message()));
    await page.goto(url);
    await page.evaluate(() => {
      for (const each of document.querySelectorAll("details")) each.open = true;
    });
    await act(page);
    expect([requests, problems]).toEqual([[url], []]);
    await context.close();
  }

  it.each(["light", "dark"] as const)("can be read by everybody in %s, and loads nothing", async (colorScheme) => {
    await withPage({ width: 1280, colorScheme }, async (page) => {
      expect(await violationsOf(page)).toEqual([]);
      expect(await page.getByRole("heading", { level: 1 }).textContent()).toContain("difference");
    });
  });

  it("is no wider than a phone, whatever the sides have answered", async () => {
    await withPage({ width: 390, colorScheme: "light" }, async (page) => {
      expect(await violationsOf(page)).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    });
  });
});
