import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Stack, startStack } from "../../local/stack.ts";
import { type AccessProxy, startAccessProxy } from "../support/access-proxy.ts";
import { type AccessTeam, createAccessTeam } from "../support/access-team.ts";
import { concordDlq } from "../support/fake-terminal.ts";
import { missingSecurityHeaders } from "../support/security-headers.ts";

/** All Workers, with a stand-in of Cloudflare Access in front of /ops. */
let team: AccessTeam;
let stack: Stack;
let access: AccessProxy;
beforeAll(async () => {
  team = await createAccessTeam({
    admins: ["ann@example.com"],
    services: { "robot.access": "operator", "prometheus.access": "scraper" },
  });
  stack = await startStack({ secrets: { OPS_ACCESS: JSON.stringify(team.settings) } });
  const services = { "robot.access": "r0b0t", "prometheus.access": "pr0m", "nobody.access": "n0b0dy" };
  access = await startAccessProxy({ team, stack: stack.url, services });
});
afterAll(async () => {
  await access?.stop();
  await stack?.stop();
});

const service = (id: string, secret: string) => ({ "CF-Access-Client-Id": id, "CF-Access-Client-Secret": secret });
const ask = (path: string, init: RequestInit = {}) => fetch(new URL(path, access.url), { redirect: "manual", ...init });

describe("a machine with a service token", () => {
  const SCRAPE = service("prometheus.access", "pr0m");

  it("scrapes the metrics and reads nothing else", async () => {
    const scraped = await ask("/ops/metrics", { headers: SCRAPE });
    expect([scraped.status, await scraped.text()]).toEqual([200, expect.stringContaining("concord_dead_letters")]);
    expect((await ask("/ops/api/dead-letters", { headers: SCRAPE })).status).toBe(403);
  });

  it("that has no role is refused by us, and without its secret by Access", async () => {
    const stranger = await ask("/ops/metrics", { headers: service("nobody.access", "n0b0dy") });
    expect([stranger.status, await stranger.json()]).toMatchObject([
      403,
      { error: { message: expect.stringContaining("nobody.access") } },
    ]);
    const wrong = await ask("/ops/metrics", { headers: service("prometheus.access", "guess") });
    expect([wrong.status, wrong.headers.get("Content-Type")]).toEqual([403, "text/html; charset=utf-8"]);
  });

  const env = (id: string, secret: string) => ({ CONCORD_ACCESS_CLIENT_ID: id, CONCORD_ACCESS_CLIENT_SECRET: secret });
  const concord = (args: string[], variables: Record<string, string>) =>
    concordDlq(args, { url: access.url.href, env: variables });

  it("uses the command line under its client id, and is told where Access stops it", async () => {
    const change = ["discard", "--topic", "device.elt.status.reported", "--because", "b", "--yes"];
    // 3: it was let through, and nothing was selected.
    for (const args of [change, ["groups"]]) expect((await concord(args, env("robot.access", "r0b0t"))).code).toBe(3);
    const stopped = await concord(["groups"], env("robot.access", "guess"));
    expect([stopped.code, stopped.err]).toEqual([5, expect.stringContaining("did not take the service token")]);
    const none = await concord(["groups"], { CONCORD_TOKEN: "t" });
    expect([none.code, none.err]).toEqual([5, expect.stringContaining("Set CONCORD_ACCESS_CLIENT_ID")]);
  });
});

describe("a person's session", () => {
  let cookie: string;
  beforeEach(async () => {
    const authorized = await ask(`/cdn-cgi/access/authorized?redirect_url=${encodeURIComponent(access.url.href)}`);
    cookie = authorized.headers.get("Set-Cookie")?.split(";")[0] ?? "";
  });

  const me = async (headers: Record<string, string>) => (await ask("/ops/api/me", { headers })).status;

  it("is taken from Access, and not from the client", async () => {
    expect(await me({ Cookie: cookie })).toBe(200);
    const forged = await createAccessTeam({});
    expect(await me({ "Cf-Access-Jwt-Assertion": await forged.sign({ email: "ann@example.com" }) })).toBe(302);
    // Past Access there is only the signature, which is checked.
    const past = (jwt: string) =>
      fetch(new URL("/ops/api/me", stack.url), { headers: { "Cf-Access-Jwt-Assertion": jwt } });
    expect((await past(await forged.sign({ email: "ann@example.com" }))).status).toBe(401);
    expect((await past(await team.sign({ email: "ann@example.com" }, { expiresIn: "-1m" }))).status).toBe(401);
    expect((await past(await team.sign({ email: "ann@example.com" }, { audience: "another" }))).status).toBe(401);
  });

  it("changes nothing for a page of another site", async () => {
    const post = (headers: Record<string, string>) =>
      ask("/ops/api/discards", {
        method: "POST",
        headers: { Cookie: cookie, ...headers },
        body: JSON.stringify({ selection: { ids: ["none"] }, reason: "r" }),
      });
    const own = { Origin: access.url.origin, "Sec-Fetch-Site": "same-origin", "Content-Type": "application/json" };
    expect((await post(own)).status).toBe(200);
    for (const elsewhere of [
      { Origin: "https://evil.example", "Sec-Fetch-Site": "cross-site" },
      { Origin: "https://app.concord.example", "Sec-Fetch-Site": "same-site" },
      { "Content-Type": "text/plain" },
    ]) {
      const refused = await post({ ...own, ...elsewhere });
      expect([elsewhere, refused.status]).toEqual([elsewhere, 403]);
      expect(missingSecurityHeaders(Object.fromEntries(refused.headers))).toEqual([]);
    }
    expect((await post({ "Content-Type": "application/json" })).status).toBe(403);
  });

  it("is over when Access says so", async () => {
    access.expire();
    const { status, headers } = await ask("/ops/api/me", { headers: { Cookie: cookie } });
    expect([status, headers.get("Location")]).toEqual([302, expect.stringContaining("/cdn-cgi/access/login")]);
    expect(await me({ Cookie: cookie, "X-Requested-With": "XMLHttpRequest" })).toBe(401);
  });
});
