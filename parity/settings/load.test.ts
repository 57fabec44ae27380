import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSchema, parse, validate } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UsageError } from "../../cli/command/usage-error.ts";
import { fieldNames } from "../plan/plan.ts";
import { loadParity } from "./load.ts";
import { settingsJsonSchema } from "./schema.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "concord-parity-settings-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const NOW_MS = Date.parse("2026-11-30T12:00:00Z");
const URLS = { old: "https://old.example/graphql", new: "https://new.example/graphql" };

const SMALL = `
items: { devices: [E-1, E-2] }
documents:
  device:
    items: devices
    document: "query ($id: ID!) { device(id: $id) { serial dealer { name phone } alerts { id text } } }"
    variables: { id: "{id}" }
    root: device
    fields:
      alerts: { key: id }
`;

function load(yaml: string, given: Partial<Parameters<typeof loadParity>[0]> = {}) {
  const path = join(folder, "parity.yaml");
  writeFileSync(path, yaml);
  return loadParity({ path, env: {}, urls: URLS, only: [], nowMs: NOW_MS, ...given });
}

function problemsOf(yaml: string, given: Partial<Parameters<typeof loadParity>[0]> = {}): string {
  try {
    load(yaml, given);
  } catch (error) {
    if (error instanceof UsageError) return error.message.replaceAll(/\S*parity\.yaml/g, "parity.yaml");
    throw error;
  }
  return "";
}

describe("the settings of parity", () => {
  it("compare all that one document selects, for both sides", () => {
    const { documents } = load(SMALL);
    expect(fieldNames(documents[0]?.plan.fields ?? [])).toEqual([
      ...["alerts[]", "alerts[].id", "alerts[].text", "serial", "dealer.name", "dealer.phone"],
    ]);
  });

  it("say what two documents select and no field compares", () => {
    const { documents } = load(
      SMALL.replace("document: ", "old: { document: '{ device { a b } }' }\n    document: ").replace(
        "alerts: { key: id }",
        "serial: { old: a }",
      ),
    );
    const [device] = documents;
    expect(device?.plan.notCompared).toEqual({
      old: ["device.b"],
      new: ["device.dealer.name", "device.dealer.phone", "device.alerts.id", "device.alerts.text"],
    });
  });

  it("take documents, ids and secrets from files beside them, and secrets from variables", () => {
    writeFileSync(join(folder, "device.graphql"), "query ($id: ID!) { device(id: $id) { serial } }");
    writeFileSync(join(folder, "key"), " s3cret\n");
    const yaml = SMALL.replace(/document: .*/, "document: { file: device.graphql }").replace(/ {4}fields:\n.*\n/, "");
    const headers =
      "old: { headers: { x-api-key: { file: key }, x-tenant: acme } }\nnew: { headers: { Authorization: { env: TOKEN, prefix: 'Bearer ' } } }";
    const { sides, documents } = load(headers + yaml, { env: { TOKEN: "jwt" } });
    expect(sides.old.headers()).toEqual({ "x-api-key": "s3cret", "x-tenant": "acme" });
    expect(sides.new.headers()).toEqual({ Authorization: "Bearer jwt" });
    expect(documents[0]?.requests.old.text).toContain("serial");
  });

  it.each<[string, (yaml: string) => string, RegExp]>([
    ["YAML that is none", (yaml) => `${yaml}  - x`, /parity\.yaml:\d+: /],
    ["an unknown member", (yaml) => `${yaml}sead: 7`, /Unrecognized key: "sead"/],
    ["a span that is none", (yaml) => `every: 60\n${yaml}`, /parity\.yaml:1: every must be a span of time/],
    [
      "an unknown conversion, in its line",
      (yaml) => yaml.replace("{ key: id }", "{ key: id, fields: { text: { new: { as: numbr } } } }"),
      /parity\.yaml:10: documents\.device\.fields\.alerts\.fields\.text\.new\.as/,
    ],
    [
      "a secret that is written down",
      (yaml) => `old: { headers: { X-Api-Key: s3cret } }\n${yaml}`,
      /parity\.yaml:1: old\.headers\.X-Api-Key is a secret, and is not written here/,
    ],
    [
      "a variable that is not set",
      (yaml) => `old: { headers: { X-Api-Key: { env: OLD_KEY } } }\n${yaml}`,
      /old\.headers\.X-Api-Key the variable OLD_KEY is not set/,
    ],
    [
      "a document that is no GraphQL",
      (yaml) => yaml.replace("alerts { id text }", "alerts {"),
      /documents\.device\.old has a document that cannot be used: Syntax Error/,
    ],
    ["a mutation", (yaml) => yaml.replace('"query (', '"mutation ('), /has to hold one operation, and that a query/],
    [
      "a path that the document does not select",
      (yaml) => yaml.replace("alerts: { key: id }", "serial: { old: serialNo }"),
      /parity\.yaml:10: documents\.device\.fields\.serial the old document does not select device\.serialNo\. It selects there: serial, dealer\.name/,
    ],
    [
      "a field with fields of its own",
      (yaml) => yaml.replace("alerts: { key: id }", "dealer: {}"),
      /dealer has fields of its own: name one, or give the list a key/,
    ],
    [
      "a list without a key",
      (yaml) => yaml.replace("alerts: { key: id }", "alerts: { fields: { text: } }"),
      /fields\.alerts is a list, and needs a key/,
    ],
    [
      "a root that is not selected",
      (yaml) => yaml.replace("root: device", "root: dev"),
      /the old document selects no fields at dev/,
    ],
    [
      "items that are not there",
      (yaml) => yaml.replace("items: devices\n", "items: device\n"),
      /documents\.device\.items names device, and items has devices/,
    ],
    [
      "a variable that no item has",
      (yaml) => yaml.replace('"{id}"', '"{key}"'),
      /documents\.device\.old takes \{key\}, and its items have id/,
    ],
    [
      "an address with a password",
      (yaml) => `old: { url: "https://a:b@old.example" }\n${yaml}`,
      /old\.url must be an address.*without user and password/,
    ],
  ])("are refused for %s", (_, change, message) => {
    expect(problemsOf(change(SMALL))).toMatch(message);
  });

  it("ask the old side for less than the new one, whatever else is said of them", () => {
    const { sides } = load(`old: { inFlight: 2 }\nnew: { timeout: 1m }\n${SMALL}`);
    expect([sides.old.perSecond, sides.new.perSecond, sides.new.timeoutMs]).toEqual([10, 50, 60_000]);
  });

  it("name everything that is wrong at once, and repeat no secret", () => {
    const yaml = `old: { headers: { X-Api-Key: s3cret } }\n${SMALL.replace("root: device", "root: dev")}`;
    const problems = problemsOf(yaml, { urls: { new: URLS.new } });
    expect(problems.split("\n")).toHaveLength(5);
    expect(problems).toMatch(/old\.url is missing: give it here, or by --old-url/);
    expect(problems).not.toContain("s3cret");
  });

  it.each([
    [
      "a document that is not there",
      { only: ["devise"] },
      /names a document that is not compared: devise\. Did you mean device\?/,
    ],
    ["an address that is none", { urls: { old: "old", new: URLS.new } }, /--old-url has to be an address/],
  ])("are refused for %s in the call", (_, given, message) => {
    expect(problemsOf(SMALL, given)).toMatch(message);
  });
});

describe("a rule that ignores", () => {
  const rule = (field: string, until: string) =>
    `${SMALL}ignore:\n  - { field: "${field}", reason: "HVAC-12: cut off by the old one", until: ${until} }\n`;

  it("counts until the end of its day", () => {
    const [day, after] = ["2026-11-30T23:59:59Z", "2026-12-01T00:00:00Z"].map(Date.parse);
    expect(problemsOf(rule("device.serial", "2026-11-30"), { nowMs: day as number })).toBe("");
    expect(problemsOf(rule("device.serial", "2026-11-30"), { nowMs: after as number })).toMatch(
      /parity\.yaml:12: ignore\.0 \(device\.serial\) ended on 2026-11-30: "HVAC-12: cut off by the old one"\. Remove it, or give it another day/,
    );
  });

  it.each(["device.alerts[].*", "*.phone", "device", "device.alerts[]"])("may name %s", (field) => {
    expect(problemsOf(rule(field, "2027-01-31"))).toBe("");
  });

  it("has to name something that is compared, so that one with a misspelled field is noticed", () => {
    expect(problemsOf(rule("device.seriel", "2027-01-31"))).toMatch(/Did you mean device\.serial\?/);
  });

  it("has to say why", () => {
    expect(problemsOf(rule("device.serial", "2027-01-31").replace(/reason: "[^"]*"/, 'reason: "old"'))).toMatch(
      /must say why/,
    );
  });
});

describe("docs/parity.md", () => {
  const text = readFileSync("docs/parity.md", "utf8");

  it("has every setting", () => {
    const names = new Set<string>();
    const gather = (schema: unknown): void => {
      if (typeof schema !== "object" || schema === null) return;
      const { properties } = schema as { properties?: Record<string, unknown> };
      for (const name of Object.keys(properties ?? {})) names.add(name);
      for (const each of Object.values(schema)) gather(each);
    };
    gather(settingsJsonSchema());
    names.delete("$schema");
    expect(names.size).toBeGreaterThan(40);
    const spans = text.match(/`[^`\n]+`/g) ?? [];
    expect([...names].filter((name) => !spans.some((span) => new RegExp(`\\b${name}\\b`).test(span)))).toEqual([]);
  });

  it("has an example that can be used as it is", () => {
    const [, example = ""] = /```yaml\n# parity\.yaml\n(.*?)```/s.exec(text) ?? [];
    const { documents, settings } = load(example, { env: { OLD_API_KEY: "k", CONCORD_TOKEN: "t" } });
    expect(documents.map(({ name, plan }) => [name, fieldNames(plan.fields).length > 3, plan.notCompared])).toEqual(
      documents.map(({ name }) => [name, true, { old: [], new: [] }]),
    );
    expect(settings.ignore.length).toBeGreaterThan(0);
    const schema = buildSchema(readFileSync("schema.graphql", "utf8"));
    for (const { requests } of documents) expect(validate(schema, parse(requests.new.text))).toEqual([]);
  });
});
