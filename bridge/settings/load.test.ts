import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { LIMITS } from "#queue/limits.ts";
import { UsageError } from "../../cli/command/usage-error.ts";
import { boundarySettings, registrySettings, sessionSettings, sourceSettings } from "./assemble.ts";
import { LEAVES, memberOf } from "./leaves.ts";
import { loadSettings, type Sources } from "./load.ts";

const folder = mkdtempSync(join(tmpdir(), "concord-settings-"));
afterAll(() => rmSync(folder, { recursive: true }));

function fileWith(text: string, name = "secret"): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** What every bridge needs, so that a test gives only what it is about. */
const ENOUGH = { CONCORD_URL: "http://localhost:8787", CONCORD_CREDENTIAL: "dev:dev" };
const BROKERS = { ...ENOUGH, CONCORD_BRIDGE_BROKERS: "localhost:9092" };

type Given = { flags?: Sources["flags"]; env?: Sources["env"]; yaml?: string };

const load = ({ flags = {}, env = BROKERS, yaml }: Given = {}) =>
  loadSettings({ flags, env, ...(yaml !== undefined && { file: { path: join(folder, "bridge.yaml"), text: yaml } }) });

function problemsOf(given: Given): string {
  try {
    load(given);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as Error).message.replaceAll(`${folder}/`, "");
  }
  throw new Error("the settings were taken");
}

describe("the bridge's settings", () => {
  it("have defaults that are within the limits of the boundary", () => {
    expect(sessionSettings(load(), false)).toMatchObject({
      records: 1_000,
      bytes: 1024 * 1024,
      lingerMs: 20,
      requests: 4,
      bufferBytes: 4 * 1024 * 1024,
      commitMs: 1_000,
      once: false,
    });
  });

  it("are taken from flags before the environment, and from that before the file", () => {
    const env = { ...BROKERS, CONCORD_BRIDGE_GROUP: "from-env", CONCORD_BRIDGE_REQUESTS: "3" };
    const yaml = "group: from-file\nrequests: 2\nclientId: from-file\n";
    expect(load({ flags: { group: "from-flag" }, env, yaml })).toMatchObject({
      group: "from-flag",
      requests: 3,
      clientId: "from-file",
    });
  });

  it("take no variable that is empty, and no member without a value", () => {
    const env = { ...BROKERS, CONCORD_BRIDGE_GROUP: "" };
    expect(load({ env, yaml: "group:\nparcel:\n" })).toMatchObject({ group: "concord-bridge" });
  });

  it.each([
    ["topics", { CONCORD_BRIDGE_TOPICS: "a, b,c" }, { kind: "list", topics: ["a", "b", "c"] }],
    ["Concord's own names", {}, { kind: "pattern" }],
  ])("choose %s", (_, env, topics) => {
    expect(sourceSettings(load({ env: { ...BROKERS, ...env } })).settings.topics).toMatchObject(topics);
  });

  it("match whole names by a pattern", () => {
    const { topics } = sourceSettings(load({ flags: { pattern: "device\\.elt\\..*|b" } })).settings;
    const isMatch = (name: string) => topics.kind === "pattern" && topics.pattern.test(name);
    expect(["device.elt.x.y", "b", "my-device.elt.x.y", "b2"].map(isMatch)).toEqual([true, true, false, false]);
  });

  it("read a time with its zone as the place to start from", () => {
    const { settings } = sourceSettings(load({ flags: { from: "2026-11-01T08:00:00+01:00" } }));
    expect(settings.from).toEqual({ timestampMs: Date.UTC(2026, 10, 1, 7) });
  });

  it("give brokers their TLS and SASL", () => {
    const yaml = `
tls: { caFile: ${fileWith("CA", "ca.pem")}, serverName: kafka }
sasl: { mechanism: SCRAM-SHA-512, username: ann, passwordFile: ${fileWith("s3cret\n")} }`;
    expect(sourceSettings(load({ yaml }))).toMatchObject({
      kind: "brokers",
      settings: {
        brokers: ["localhost:9092"],
        tls: { ca: "CA", serverName: "kafka", verify: true },
        sasl: { mechanism: "SCRAM-SHA-512", username: "ann", password: "s3cret" },
      },
    });
    expect(sourceSettings(load()).settings).toMatchObject({ tls: null, sasl: null });
    expect(sourceSettings(load({ flags: { tls: "true" } })).settings).toMatchObject({ tls: { verify: true } });
  });

  it("give a proxy and a registry their credentials", () => {
    const env = {
      ...ENOUGH,
      CONCORD_BRIDGE_PROXY: "https://proxy.example/base",
      CONCORD_BRIDGE_PROXY_USERNAME: "ann",
      CONCORD_BRIDGE_PROXY_PASSWORD: "s3cret",
      CONCORD_BRIDGE_SCHEMA_REGISTRY: "https://registry.example",
      CONCORD_BRIDGE_SCHEMA_REGISTRY_TOKEN: "abc",
    };
    const settings = load({ env });
    expect(sourceSettings(settings)).toMatchObject({
      kind: "proxy",
      settings: { authorization: `Basic ${btoa("ann:s3cret")}`, dialect: null, baseUri: "use" },
    });
    expect(registrySettings(settings)).toEqual({ url: new URL("https://registry.example"), token: "abc" });
    expect(registrySettings(load())).toBeNull();
  });

  it("read the file of a token again when it has changed", async () => {
    const path = fileWith("first\n", "token");
    const { CONCORD_CREDENTIAL: _, ...env } = BROKERS;
    const { authorization } = boundarySettings(load({ env: { ...env, CONCORD_BRIDGE_TOKEN_FILE: path } }));
    expect(authorization()).toBe("Bearer first");
    await new Promise((resolve) => setTimeout(resolve, 20));
    fileWith("second\n", "token");
    expect(authorization()).toBe("Bearer second");
    // As it is for a moment while it is being written anew.
    fileWith("", "token");
    expect(authorization()).toBe("Bearer second");
    rmSync(path);
    expect(authorization()).toBe("Bearer second");
  });

  it("name a secret's file as the file of settings is placed", () => {
    fileWith("id:s3cret\n", "beside");
    const { CONCORD_CREDENTIAL: _, ...env } = BROKERS;
    const { authorization } = boundarySettings(load({ env, yaml: "credentialFile: beside" }));
    expect(authorization()).toBe(`Basic ${btoa("id:s3cret")}`);
  });
});

describe("settings that cannot work", () => {
  it("are all named at once, each with its place, and no secret among them", () => {
    const message = problemsOf({
      flags: { "parcel-records": "9000" },
      env: { ...BROKERS, CONCORD_URL: "http://ann:s3cret@x", CONCORD_BRIDGE_GROPU: "x" },
      yaml: "parcel:\n  recrods: 3\nsasl:\n  password: s3cret\nfrom: yesterday\n",
    });
    expect(message.split("\n").slice(1)).toEqual([
      "  - bridge.yaml:2: there is no setting parcel.recrods. Did you mean parcel.records?",
      expect.stringMatching(/^ {2}- bridge\.yaml:4: sasl\.password is a secret, .* CONCORD_BRIDGE_SASL_PASSWORD, /),
      "  - CONCORD_BRIDGE_GROPU: there is no such setting. Did you mean CONCORD_BRIDGE_GROUP?",
      expect.stringMatching(/^ {2}- CONCORD_URL: url must be an address/),
      expect.stringMatching(/^ {2}- bridge\.yaml:5: from must be earliest/),
      "  - --parcel-records: parcel.records must be a whole number from 1 to 5000",
    ]);
    expect(message).not.toContain("s3cret");
  });

  it.each<[string, Given, RegExp]>([
    ["no source", { env: ENOUGH }, /where records come from: none is given\. .*--brokers.*--proxy/],
    ["no credentials", { env: { ...BROKERS, CONCORD_CREDENTIAL: "" } }, /credentials for Concord: none is given/],
    ["two sources", { flags: { proxy: "http://p" } }, /brokers \(CONCORD_BRIDGE_BROKERS\) and proxy\.url \(--proxy\)/],
    ["two choices of topics", { flags: { topics: "a", pattern: "b" } }, /topics \(--topics\) and pattern/],
    ["TLS of a proxy", { env: ENOUGH, flags: { proxy: "http://p", tls: "true" } }, /--tls: tls\.enabled is of brokers/],
    ["a password alone", { env: { ...BROKERS, CONCORD_BRIDGE_SASL_PASSWORD: "x" } }, /sasl\.password .*no effect/],
    ["a mechanism alone", { flags: { "sasl-mechanism": "PLAIN" } }, /PLAIN needs sasl\.username\. Set --sasl-username/],
    ["OAUTHBEARER alone", { flags: { "sasl-mechanism": "OAUTHBEARER" } }, /needs sasl\.token, or sasl\.tokenUrl/],
    [
      "a poll as long as a call",
      { env: ENOUGH, flags: { proxy: "http://p", "proxy-poll-timeout-ms": "40000" } },
      /above/,
    ],
    ["a buffer below a parcel", { flags: { "buffer-bytes": "100000" } }, /parcel\.bytes \(1048576\) must not be above/],
    ["a credential without id", { env: { ...BROKERS, CONCORD_CREDENTIAL: "s3cret" } }, /credential must be id:secret/],
    ["a file that is missing", { flags: { "token-file": "/nowhere" } }, /--token-file: ENOENT/],
    ["a secret twice", { env: { ...BROKERS, CONCORD_CREDENTIAL_FILE: "/x" } }, /are both set\. Remove one/],
    ["YAML that is none", { yaml: "a: [1\n" }, /bridge\.yaml:\d: /],
    ["a list in place of a group", { yaml: "parcel: [1]" }, /bridge\.yaml:1: parcel has to be members/],
    ["text in place of a list", { yaml: "topics: a" }, /bridge\.yaml:1: topics must be a list/],
    ["brokers without a port", { flags: { brokers: "kafka" } }, /--brokers: brokers must be host:port/],
  ])("such as %s are refused, and the error says what to do", (_, given, expected) => {
    expect(problemsOf(given)).toMatch(expected);
  });

  it("include parcels that the boundary would refuse for their size", () => {
    const most = { "parcel-bytes": String(LIMITS.bodyBytes) };
    expect(problemsOf({ flags: most })).toMatch(/parcel\.bytes must be a whole number from 1024 to 4188280/);
  });

  it("do not include the variables that Kubernetes makes of a Service called concord-bridge", () => {
    const env = { ...BROKERS, CONCORD_BRIDGE_SERVICE_HOST: "10.0.0.1", CONCORD_BRIDGE_PORT: "tcp://10.0.0.1:9464" };
    expect(() => load({ env: { ...env, CONCORD_BRIDGE_PORT_9464_TCP_PROTO: "tcp" } })).not.toThrow();
  });
});

describe("every setting", () => {
  it.each(LEAVES)("$name has a flag, a variable and a summary of its own", ({ flag, env, summary }) => {
    expect(LEAVES.filter((each) => each.flag === flag || each.env === env)).toHaveLength(1);
    expect(summary).toMatch(/^[A-Za-z`].{5,}[^.]$/);
  });
});

describe("docs/bridge.example.yaml", () => {
  const example = readFileSync("docs/bridge.example.yaml", "utf8");

  it("is taken as it is, with a credential where it names one", () => {
    const yaml = example.replace(/^credentialFile: .*$/m, `credentialFile: ${fileWith("id:s3cret")}`);
    expect(load({ env: {}, yaml })).toMatchObject({ url: "https://concord.example.com", group: "concord-bridge" });
  });

  it("shows every setting, each with a value that can be taken", () => {
    const path = fileWith("id:s3cret");
    // A line that is a setting has no blank in its name, and a blank behind its colon.
    const yaml = example.replace(/^# ( *\w+:(?: .*)?)$/gm, "$1").replace(/\/run\/secrets\/\S+/g, path);
    const message = problemsOf({ env: {}, yaml });
    // They exclude each other; that is all that is wrong with them.
    const problems = message.split("\n").slice(1);
    expect(problems).not.toEqual([]);
    const excluding = /exclude each other|is of brokers|is of OAUTHBEARER|is of PLAIN/;
    expect(problems.filter((each) => !excluding.test(each))).toEqual([]);
    for (const leaf of LEAVES) expect(yaml).toMatch(new RegExp(`^ *${memberOf(leaf).split(".").at(-1)}:`, "m"));
  });
});
