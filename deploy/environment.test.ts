import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "../local/tool.ts";
import {
  checkApart,
  environmentNames,
  isPlaceholder,
  parseEnvironment,
  readEnvironment,
  withDatabaseId,
} from "./environment.ts";

const STAGING = readFileSync(join(ROOT, "environments/staging.toml"), "utf8");

describe("an environment's file", () => {
  it("is read, with its name", () => {
    expect(environmentNames()).toEqual(expect.arrayContaining(["production", "staging"]));
    expect(readEnvironment("staging")).toMatchObject({ name: "staging", database: { read_replication: true } });
  });

  it.each([
    ["a member that nobody knows", STAGING.replace("steps =", "stepz ="), /rollout.*stepz/],
    ["text that is not TOML", `${STAGING}\n[[`, /environments\/staging\.toml, line \d+: /],
    ["an id that is none", STAGING.replace(/id = "[^"]*"/, 'id = "x"'), /database\.id: /],
    [
      "an address with a scheme",
      STAGING.replace('address = "workers.dev"', 'address = "https://a.example"'),
      /front_door\.address: /,
    ],
    ["no number of its own", STAGING.replace(/^number = .*$/m, ""), /number: /],
    [
      "routes beside the address on workers.dev",
      STAGING.replace("# routes =", "routes ="),
      /front_door\.routes: need a hostname/,
    ],
    [
      "a route with a scheme",
      STAGING.replace('"workers.dev"', '"a.example.com"').replace(
        /# routes = .*/,
        'routes = ["https://b.example.com/*"]',
      ),
      /front_door\.routes\.0: must be a hostname and a path/,
    ],
    ["logs that go nowhere", STAGING.replace("persist = true", "persist = false"), /logs\.persist: is false/],
    ["a limit that is no number", STAGING.replace("= 2000", '= "2000"'), /limits\.api\.REQUESTS_BY_ADDRESS: /],
    ["steps that fall", STAGING.replace("[0, 10, 50, 100]", "[50, 10, 100]"), /rollout\.steps: must rise/],
    ["steps that stop early", STAGING.replace("[0, 10, 50, 100]", "[0, 50]"), /rollout\.steps: .*end at 100/],
  ])("with %s is refused, and the message says where", (_, text, message) => {
    expect(() => parseEnvironment("staging", text)).toThrow(message);
  });

  it.each(["local", "Staging", "pre view", ""])("may not be called %j", (name) => {
    expect(() => parseEnvironment(name, STAGING)).toThrow("an environment is named with");
  });

  it("that does not exist is refused with the names of those that do", () => {
    expect(() => readEnvironment("stagign")).toThrow(/there are .*production and staging\./);
  });

  it("takes a new database id, and keeps its comments", () => {
    const id = "2f1c8e0a-1111-4222-8333-444455556666";
    const changed = withDatabaseId("staging", STAGING, "database", id);
    expect(parseEnvironment("staging", changed).database.id).toBe(id);
    expect(changed.split("\n").filter((line) => line.startsWith("#"))).toEqual(
      STAGING.split("\n").filter((line) => line.startsWith("#")),
    );
    expect([isPlaceholder(id), isPlaceholder(parseEnvironment("staging", STAGING).database.id)]).toEqual([false, true]);
    expect(() => withDatabaseId("staging", STAGING.replace(/^id = .*$/m, ""), "database", id)).toThrow(/database\.id/);
  });

  it("takes the id of the database for rebuilds into its own table", () => {
    const id = "2f1c8e0a-1111-4222-8333-444455556666";
    const { database, archive } = parseEnvironment(
      "staging",
      withDatabaseId("staging", STAGING, "archive.rebuilt", id),
    );
    expect([database.id, archive.rebuilt?.id]).toEqual([parseEnvironment("staging", STAGING).database.id, id]);
    const without = STAGING.replace(/\[archive\.rebuilt\]\n(?:.+\n)+/, "");
    expect(() => withDatabaseId("staging", without, "archive.rebuilt", id)).toThrow(
      /no line .* in \[archive\.rebuilt\]/,
    );
  });

  it("has no archive unless it says so, and never one whose rebuild would be the live database", () => {
    const without = STAGING.replace(/\[archive\]\n[\s\S]*?(?=\[rollout\])/, "");
    expect(parseEnvironment("staging", without).archive).toEqual({ enabled: false });
    const id = "00000000-0000-4000-8000-000000000012";
    expect(() => withDatabaseId("staging", STAGING, "database", id)).toThrow(
      /archive\.rebuilt\.id: is that of \[database\]/,
    );
  });
});

describe("two environments", () => {
  const ID = "2f1c8e0a-1111-4222-8333-444455556666";
  const KEYS = (x: string) =>
    `TOKEN_KEYS = '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"${x}","kid":"a","may":["ops"]}]}'`;
  const both =
    (from: RegExp, one: string, two = one) =>
    () =>
      checkApart([
        parseEnvironment("production", STAGING.replace(from, one)),
        parseEnvironment("staging", STAGING.replace(from, two)),
      ]);

  it.each([
    ["database", both(/^id = .*$/m, `id = "${ID}"`, `id = "${ID.toUpperCase()}"`), `database, ${ID}: what is tried`],
    ["address", both(/"workers.dev"\n/, '"a.example.com"\n'), "hostname, a.example.com: whichever"],
    [
      "address as a route",
      both(
        /"workers.dev"\n/,
        '"a.example.com"\nroutes = ["b.example.com/x/*"]\n',
        '"c.example.com"\nroutes = ["a.example.com/*"]\n',
      ),
      "hostname, a.example.com: whichever",
    ],
    ["key", both(/^TOKEN_KEYS = .*$/m, KEYS("B".repeat(43))), "key of TOKEN_KEYS, BBB"],
  ])("never have the same %s", (_, check, message) => {
    expect(check).toThrow(`environments/production.toml and environments/staging.toml have the same ${message}`);
  });

  it("may both have no database yet, the account's own address, and keys of their own by the same name", () => {
    expect(both(/x{9}/, "")).not.toThrow();
    expect(both(/^TOKEN_KEYS = .*$/m, KEYS("B".repeat(43)), KEYS("C".repeat(43)))).not.toThrow();
  });
});
