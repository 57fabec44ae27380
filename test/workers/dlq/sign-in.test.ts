import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type AccessTeam, createAccessTeam } from "../../support/access-team.ts";
import { admin, broken, letters } from "./broken-letters.ts";
import { bearerAt, emptyOps, opsOf } from "./support.ts";

let team: AccessTeam;
beforeAll(async () => {
  team = await createAccessTeam({ admins: ["ann@example.com"], services: { "scrape.access": "scraper" } });
});
beforeEach(async () => {
  await emptyOps();
  await letters.park([broken("a")]);
});

/** What Access adds to a request that it lets through. */
const session = async (claims: object = { email: "ann@example.com" }) => ({
  "Cf-Access-Jwt-Assertion": await team.sign(claims),
});

/** What a browser says of a request of the console. */
const OWN = { Origin: "http://localhost", "Sec-Fetch-Site": "same-origin" };
const DISCARD = { selection: { ids: ["a"] }, reason: "r" };

const ask = async (method: string, path: string, headers: Record<string, string>, body?: unknown) =>
  opsOf({ access: team.access }).ask(method, path, { headers, body });

describe("GET /ops/api/me", () => {
  it("says who is signed in, by what and until when", async () => {
    const expiresAt = expect.stringMatching(/^20\d\d-.*Z$/);
    expect((await ask("GET", "/ops/api/me", await bearerAt("viewer"))).body).toEqual({
      ...{ actor: "viewer@example.com", role: "viewer", by: "token", expiresAt },
    });
    expect((await ask("GET", "/ops/api/me", await session())).body).toEqual({
      ...{ actor: "ann@example.com", role: "admin", by: "access", expiresAt },
    });
  });

  it("takes a session that lives for longer than a date can say", async () => {
    const jwt = await team.sign({ email: "ann@example.com" }, { expiresIn: "9000000000000s" });
    const { status, body } = await ask("GET", "/ops/api/me", { "Cf-Access-Jwt-Assertion": jwt });
    expect([status, body.expiresAt]).toEqual([200, expect.stringContaining("275760")]);
  });

  it("says how to sign in, where Access is configured and only there", async () => {
    const signIn = { access: { team: "team.cloudflareaccess.com" } };
    expect((await ask("GET", "/ops/api/me", {})).body.error).toMatchObject({ code: "unauthenticated", signIn });
    const { status, body } = await ask("GET", "/ops/api/me", await session({ email: "eve@evil.com" }));
    expect([status, body.error]).toMatchObject([403, { message: expect.stringContaining("eve@evil.com"), signIn }]);
    const without = await opsOf().get("/ops/api/me", {});
    expect(Object.keys(without.body.error)).toEqual(["code", "message"]);
  });
});

it("a scraper's service token reads the metrics, and nothing else", async () => {
  const scraper = await session({ sub: "", common_name: "scrape.access" });
  expect((await ask("GET", "/ops/metrics", scraper)).status).toBe(200);
  for (const path of ["/ops/api/me", "/ops/api/dead-letters", "/ops/api/summary", "/ops/api/devices"])
    expect([path, (await ask("GET", path, scraper)).status]).toEqual([path, 403]);
});

describe("a request that another page has the browser send", () => {
  const ELSEWHERE: Record<string, string>[] = [
    { Origin: "https://evil.example" },
    { Origin: "null" },
    { Origin: "http://localhost.evil.example" },
    { Origin: "http://localhost:81" },
    { "Sec-Fetch-Site": "cross-site" },
    // A page of a sibling hostname, which gets the cookie too.
    { "Sec-Fetch-Site": "same-site" },
    { ...OWN, Origin: "https://evil.example" },
    { ...OWN, "Sec-Fetch-Site": "cross-site" },
  ];

  it.each(ELSEWHERE.map((elsewhere) => [elsewhere]))("is refused, whoever has signed in: %j", async (elsewhere) => {
    for (const who of [await admin(), await session()]) {
      const headers = { ...who, ...elsewhere };
      expect((await ask("POST", "/ops/api/discards", headers, DISCARD)).status).toBe(403);
      expect((await ask("GET", "/ops/api/dead-letters/a?unmask=x", headers)).status).toBe(403);
      expect((await ask("GET", "/ops/metrics", headers)).status).toBe(403);
    }
    expect((await letters.find("a"))?.state).toBe("open");
  });
});

describe("a change under a session of Access", () => {
  it("is made by the console", async () => {
    const { status } = await ask("POST", "/ops/api/discards", { ...(await session()), ...OWN }, DISCARD);
    expect([status, (await letters.find("a"))?.state]).toEqual([200, "discarded"]);
  });

  it("is made by a browser that sends no Sec-Fetch-Site, if its Origin is ours", async () => {
    const headers = { ...(await session()), Origin: OWN.Origin };
    expect((await ask("POST", "/ops/api/discards", headers, DISCARD)).status).toBe(200);
  });

  const FORMS = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""];

  it.each<[string, Record<string, string>]>([
    ["that says nothing of its origin", {}],
    ["that a person is said to have typed", { "Sec-Fetch-Site": "none" }],
    ...FORMS.map((type): [string, Record<string, string>] => [`of type "${type}"`, { ...OWN, "Content-Type": type }]),
    ["of a type that only begins like JSON", { ...OWN, "Content-Type": "application/jsonp" }],
  ])("is refused %s, and nothing is done", async (_, headers) => {
    const { status, body } = await ask("POST", "/ops/api/discards", { ...(await session()), ...headers }, DISCARD);
    expect([status, body.error.message]).toEqual([403, expect.stringMatching(/^Nothing was done.*console/)]);
    expect((await letters.find("a"))?.state).toBe("open");
  });

  it("needs no such proof with a token or a service token, which no browser adds by itself", async () => {
    const service = await createAccessTeam({ services: { "robot.access": "operator" } });
    const { post } = opsOf({ access: service.access });
    const jwt = await service.sign({ sub: "", common_name: "robot.access" });
    const robot = { "Cf-Access-Jwt-Assertion": jwt, "Content-Type": "text/plain" };
    expect((await post("/ops/api/discards", DISCARD, robot)).status).toBe(200);
    expect((await post("/ops/api/dead-letters/a/restore", undefined, await bearerAt("operator"))).status).toBe(200);
  });
});
