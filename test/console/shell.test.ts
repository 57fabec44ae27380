import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createToken } from "../../local/live-client.ts";
import type { Stack } from "../../local/stack.ts";
import { sharedStack } from "../support/shared-stack.ts";
import { closeTabs, hasBrowser, sharedBrowser, tokenFor, visit } from "./browser.ts";

describe.skipIf(!hasBrowser)("the console's shell", () => {
  let stack: Stack;
  let browser: Browser;
  beforeAll(async () => {
    [stack, browser] = await Promise.all([sharedStack(), sharedBrowser()]);
  });
  afterAll(() => closeTabs(browser));

  it("keeps the token in its tab: not in the address, not in lasting storage, not in another tab", async () => {
    const { page, problems } = await visit(browser, { url: stack.url.href });
    const token = await tokenFor("operator");
    const kept = await page.evaluate(() => ({
      address: location.href,
      local: JSON.stringify(localStorage),
      cookies: document.cookie,
      session: Object.values(sessionStorage),
    }));
    expect([kept.local, kept.cookies, kept.session.length]).toEqual(["{}", "", 1]);
    expect(kept.address).not.toContain(token.slice(0, 20));
    const other = await page.context().newPage();
    await other.goto(new URL("/ops", stack.url).href);
    await other.getByLabel("Token").waitFor();
    await page.reload();
    await page.getByRole("navigation", { name: "Pages" }).waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Token").waitFor();
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
    expect(problems.filter((problem) => !problem.includes("401"))).toEqual([]);
  });

  it("clears the page on sign-out, even if the API is unreachable", async () => {
    const { page } = await visit(browser, { url: stack.url.href });
    await page.route("**/ops/api/**", (route) => route.abort());
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("alert").waitFor();
    await expect.poll(() => page.getByRole("navigation", { name: "Pages" }).count()).toBe(0);
  });

  it("goes to a page by Alt and its number, but not while somebody types: some keyboards write brackets so", async () => {
    const { page } = await visit(browser, { url: stack.url.href, at: "#/flow" });
    await page.keyboard.press("Alt+Digit4");
    await expect.poll(() => page.url()).toContain("#/devices");
    await page.getByRole("searchbox").first().focus();
    await page.keyboard.press("Alt+Digit5");
    await page.waitForTimeout(300);
    expect(page.url()).toContain("#/devices");
  });

  it("shows the page of an address that is gone to while the console is still being drawn", async () => {
    const { page } = await visit(browser, { url: stack.url.href, at: "#/flow" });
    await page.addInitScript(() => {
      const watch = new MutationObserver(() => {
        if (!document.querySelector("nav")) return;
        watch.disconnect();
        location.hash = "#/audit";
      });
      watch.observe(document, { childList: true, subtree: true });
    });
    await page.reload();
    await page.getByRole("heading", { name: "Audit", level: 1 }).waitFor({ timeout: 10_000 });
  });

  it("shows why a token was rejected", async () => {
    const page = await browser.newPage();
    await page.goto(new URL("/ops", stack.url).href);
    await page.getByLabel("Token").fill("nonsense");
    await page.getByRole("button", { name: "Open the console" }).click();
    await expect.poll(() => page.getByRole("alert").textContent()).toMatch(/token/i);
  });

  it.each([
    { at: "#/topics", asked: "**/ops/api/topics", shown: "infinity" },
    { at: "#/runs", asked: "**/ops/api/runs?**", shown: /No runs yet|^By$/ },
  ])("shows $at even if an answer takes longer than the refresh interval", async (each) => {
    const { page } = await visit(browser, { url: stack.url.href });
    await page.clock.install();
    await page.route(each.asked, async (route) => {
      await page.clock.runFor(5_500);
      await route.continue().catch(() => {});
    });
    await page.evaluate((hash) => location.replace(hash), each.at);
    await page.locator("#main").getByText(each.shown).first().waitFor();
  });

  it("runs no inline script and requests nothing from other origins", async () => {
    const page = await browser.newPage();
    const asked = new Set<string>();
    page.on("request", (request) => asked.add(new URL(request.url()).origin));
    const response = await page.goto(new URL("/ops", stack.url).href);
    const policy = response?.headers()["content-security-policy"] ?? "";
    expect(policy).toContain(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'",
    );
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    const markup = page.evaluate(() => {
      document.body.innerHTML = "<b>text that became markup</b>";
    });
    await expect(markup).rejects.toThrow("TrustedHTML");
    await page.evaluate(() => {
      const script = document.createElement("script");
      try {
        script.append("window.wasRun = true");
        document.body.append(script);
      } catch {
        // Trusted types refuse even the text.
      }
    });
    expect(await page.evaluate(() => "wasRun" in window)).toBe(false);
    expect([...asked].filter((origin) => origin !== "null")).toEqual([new URL(stack.url).origin]);
  });

  it("leaves a page of another origin what it may do: query GraphQL, and read why that failed", async () => {
    const elsewhere = createServer((_, response) => response.end("<!doctype html><title>elsewhere</title>"));
    await new Promise<void>((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`);
    const asked = (token: string) =>
      page.evaluate(
        async ({ url, token }) => {
          const headers = { "Content-Type": "application/json", Authorization: `Bearer ${token}` };
          const body = JSON.stringify({ query: "{ __typename }" });
          const response = await fetch(new URL("/graphql", url), { method: "POST", headers, body });
          return [response.status, await response.json()];
        },
        { url: stack.url.href, token },
      );
    expect(await asked(await createToken({ role: "service" }))).toMatchObject([200, { data: { __typename: "Query" } }]);
    expect(await asked("nonsense")).toMatchObject([401, { errors: [{ extensions: { code: "UNAUTHENTICATED" } }] }]);
    // Not as a script.
    const embedded = await page.evaluate(
      (url) =>
        new Promise((resolve) => {
          const script = document.createElement("script");
          script.onload = () => resolve("loaded");
          script.onerror = () => resolve("refused");
          script.src = new URL("/openapi.json", url).href;
          document.body.append(script);
        }),
      stack.url.href,
    );
    expect(embedded).toBe("refused");
    elsewhere.close();
  });
});
