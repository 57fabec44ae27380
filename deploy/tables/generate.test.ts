import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parse } from "smol-toml";
import { describe, expect, it } from "vitest";
import { unstable_readConfig as readConfig } from "wrangler";
import { ROOT, runTool } from "../../local/tool.ts";
import { parseEnvironment, readEnvironments } from "../environment.ts";
import { MARKER, type Table } from "./config.ts";
import { outdated } from "./files.ts";
import { type Configs, generateTables } from "./generate.ts";
import { INHERITED } from "./rules.ts";
import { configPathOf, WORKER_NAMES, type WorkerName } from "./workers.ts";

const STAGING = readFileSync(join(ROOT, "environments/staging.toml"), "utf8");
const FILES = Object.fromEntries(
  WORKER_NAMES.map((worker) => [worker, readFileSync(join(ROOT, configPathOf(worker)), "utf8")]),
) as Configs;

const environment = (name: string, ...changes: readonly (readonly [string | RegExp, string])[]) =>
  parseEnvironment(
    name,
    changes.reduce((text, [from, to]) => text.replace(from, to), STAGING),
  );

/** What stands under `[env.{name}]`. */
const tablesOf = (text: string, name: string) => (parse(text) as unknown as { env: Record<string, Table> }).env[name];

/** The tables of staging, with changes to its file. */
const stagingOf = (worker: WorkerName, ...changes: readonly (readonly [string | RegExp, string])[]) =>
  tablesOf(generateTables(FILES, [environment("staging", ...changes)])[worker], "staging");

it("the tables of each wrangler.toml are those of today's environments", () => {
  expect(generateTables(FILES, readEnvironments())).toEqual(FILES);
  expect(outdated(FILES, readEnvironments())).toBeUndefined();
});

it("tables that are not those of the environments are named by their files", () => {
  const edited = readEnvironments().map((each) => ({
    ...each,
    settings: { ...each.settings, DEVICE_OBJECT_WRITES: "live" },
  }));
  expect(outdated(FILES, edited)).toMatch(
    /^The tables .* in workers\/\S+\/wrangler\.toml.* are out of date: run `npm run generate`/,
  );
});

describe("the generated tables", () => {
  it("leave what a person wrote as it is, and replace all that is below the marker", () => {
    const edited = { ...FILES, api: `${FILES.api}\n[env.forgotten]\nname = "concord-api-forgotten"\n` };
    const { api } = generateTables(edited, [environment("staging")]);
    expect(api.split(MARKER)[0]).toBe(FILES.api.split(MARKER)[0]);
    expect(Object.keys((parse(api) as unknown as { env: object }).env)).toEqual(["staging"]);
  });

  it("give only the front door an address: that on workers.dev, or a hostname and its routes", () => {
    expect(stagingOf("gateway")).toMatchObject({ workers_dev: true, preview_urls: false });
    expect(stagingOf("gateway")).not.toHaveProperty("routes");
    const moved = [
      ['address = "workers.dev"', 'address = "devices.example.com"'],
      [/# routes = .*/, 'routes = ["example.com/concord/*"]'],
    ] as const;
    expect(stagingOf("gateway", ...moved)).toMatchObject({
      workers_dev: false,
      routes: [{ pattern: "devices.example.com", custom_domain: true }, "example.com/concord/*"],
    });
    for (const worker of WORKER_NAMES.filter((each) => each !== "gateway")) {
      expect(stagingOf(worker, ...moved)).toMatchObject({ workers_dev: false, preview_urls: false });
      expect(stagingOf(worker, ...moved)).not.toHaveProperty("routes");
    }
  });

  it("have a setting in the Workers that name it, also in a comment, and in no other", () => {
    const change = ["[settings]", '[settings]\nSHARED_REGISTERS = "infinity+elt"'] as const;
    const having = WORKER_NAMES.filter((worker) => {
      const vars = (stagingOf(worker, change) as { vars: Table }).vars;
      return vars.SHARED_REGISTERS === "infinity+elt";
    });
    expect(having).toEqual(["api", "devices", "dlq"]);
  });

  it("hold a text as it is, with quotes of either kind", () => {
    for (const value of ['{"a":"b"}', `{"a":"it's"}`, '"’"', "a\\nb\t'"]) {
      const change = ["[settings]", `[settings]\nOPS_WEBHOOK_HOSTS = ${JSON.stringify(value)}`] as const;
      expect(stagingOf("dlq", change)).toMatchObject({ vars: { OPS_WEBHOOK_HOSTS: value } });
    }
  });

  it("have the secrets that their Worker requires, and no local value of one", () => {
    expect(stagingOf("ingest")).toMatchObject({ secrets: { required: ["INGEST_CREDENTIALS"] } });
    for (const worker of WORKER_NAMES) {
      const { vars } = stagingOf(worker) as { vars: Table };
      expect(Object.keys(vars).filter((name) => /SECRET|CREDENTIALS/.test(name))).toEqual([]);
    }
  });

  it("have the archive's bucket and the database for rebuilds as the environment says, or neither", () => {
    const names = (worker: WorkerName, ...changes: readonly (readonly [string | RegExp, string])[]) => {
      const { r2_buckets = [], d1_databases = [] } = stagingOf(worker, ...changes) as Record<string, Table[]>;
      return [...r2_buckets, ...d1_databases].map(({ binding }) => binding);
    };
    expect([names("ingest"), names("archive")]).toEqual([
      ["ARCHIVE", "DB"],
      ["ARCHIVE", "DB", "REBUILT"],
    ]);
    const off = [/^enabled = true$/m, "enabled = false"] as const;
    expect([names("ingest", off), names("archive", off)]).toEqual([["DB"], ["DB"]]);
    expect(stagingOf("ingest", off)).not.toHaveProperty("r2_buckets");
    const noRebuild = [/\[archive\.rebuilt\]\n(?:.+\n)+/, ""] as const;
    expect(names("archive", noRebuild)).toEqual(["ARCHIVE", "DB"]);
    const inEurope = [/# (jurisdiction = "eu")\n\n\[archive\.rebuilt\]/, "$1\n\n[archive.rebuilt]"] as const;
    expect(stagingOf("ingest", inEurope)).toMatchObject({
      r2_buckets: [{ binding: "ARCHIVE", bucket_name: "concord-archive-staging", jurisdiction: "eu" }],
    });
  });

  it("have rate limits of their own, with another number where the environment says one", () => {
    expect(stagingOf("api", ["number = 1", "number = 7"], ["= 2000", "= 5000"])).toMatchObject({
      ratelimits: [
        { name: "REQUESTS", namespace_id: "3008", simple: { limit: 200, period: 10 } },
        { name: "REQUESTS_BY_ADDRESS", namespace_id: "3018", simple: { limit: 5000, period: 10 } },
        { name: "FAILED_SIGN_INS", namespace_id: "3028", simple: { limit: 100, period: 60 } },
      ],
    });
  });

  it("bind a stream of Pipelines where the environment names one, and to the consumer alone", () => {
    const id = "0123456789abcdef0123456789abcdef";
    const named = [/^# stream = .*$/m, `stream = "${id}"`] as const;
    expect(stagingOf("ingest", named)).toMatchObject({ pipelines: [{ binding: "PIPELINE", stream: id }] });
    for (const worker of WORKER_NAMES) {
      expect(stagingOf(worker)).not.toHaveProperty("pipelines");
      if (worker !== "ingest") expect(stagingOf(worker, named)).not.toHaveProperty("pipelines");
    }
    expect(() => stagingOf("ingest", [named[0], 'stream = "concord"'])).toThrow(/must be the id of a stream/);
  });

  it("say where logs and traces go, and how many", () => {
    const exported = stagingOf(
      "devices",
      ["sampling = 1.0\ndestinations = []\n", 'sampling = 0.1\ndestinations = ["grafana-logs"]\n'],
      ["invocations = true", "invocations = false"],
      ["persist = true", "persist = false"],
      ["sampling = 0.05", "sampling = 0"],
      ["logpush = false", "logpush = true"],
    );
    expect(exported).toMatchObject({ logpush: true });
    expect((exported as { observability: Table }).observability).toEqual({
      enabled: true,
      logs: {
        ...{ enabled: true, head_sampling_rate: 0.1, destinations: ["grafana-logs"] },
        ...{ persist: false, invocation_logs: false },
      },
      traces: { enabled: false },
    });
  });

  it("leave out only what wrangler inherits, by its own schema", () => {
    const { definitions } = JSON.parse(readFileSync(join(ROOT, "node_modules/wrangler/config-schema.json"), "utf8"));
    const { properties } = definitions.RawEnvironment as { properties: Record<string, { description?: string }> };
    const isInherited = (key: string) => !properties[key]?.description?.includes("is not automatically inherited");
    expect(INHERITED.filter((key) => properties[key] === undefined || !isInherited(key))).toEqual([]);
    expect(["vars", "services", "queues"].filter(isInherited)).toEqual([]);
  });
});

/** As the local environment has them. */
const LOCAL_KEYS = FILES.api.match(/^TOKEN_KEYS = .*$/m)?.[0] ?? "";

describe("an environment is refused, and nothing is written, if it has", () => {
  const production = () => parseEnvironment("production", STAGING.replace("number = 1", "number = 2"));
  it.each([
    [
      "a setting that no Worker knows",
      () => [environment("staging", ["TRUSTED_DOCUMENTS_ONLY", "TRUSTED_DOCUMENT_ONLY"])],
      /settings\.TRUSTED_DOCUMENT_ONLY is a variable of no Worker; there are .*TRUSTED_DOCUMENTS_ONLY/,
    ],
    [
      "a secret among its settings",
      () => [environment("staging", ["[settings]", '[settings]\nINGEST_CREDENTIALS = "[]"'])],
      /settings\.INGEST_CREDENTIALS is a secret/,
    ],
    [
      "settings that its Workers could not read",
      () => [
        environment(
          "staging",
          ['DEVICE_OBJECT_WRITES = "always"', 'DEVICE_OBJECT_WRITES = "alwais"'],
          ["[settings]", '[settings]\nTOKEN_ISSUER = "{}"'],
        ),
      ],
      /settings\.TOKEN_ISSUER\.issuer: .*; settings\.DEVICE_OBJECT_WRITES: /,
    ],
    [
      "the key of local development",
      () => [environment("staging", [/^TOKEN_KEYS = .*$/m, LOCAL_KEYS])],
      /settings\.TOKEN_KEYS: holds the local key/,
    ],
    [
      "no value for a variable that is set locally",
      () => [environment("staging", [/^DEVICE_OBJECT_WRITES.*$/m, ""])],
      /\[settings\] lacks DEVICE_OBJECT_WRITES, which workers\/.*/,
    ],
    [
      "a rate limit that no Worker has",
      () => [environment("staging", ["REQUESTS_BY_ADDRESS", "REQUESTS_BY_ADRESS"])],
      /limits\.api\.REQUESTS_BY_ADRESS; there are .*api\.REQUESTS_BY_ADDRESS/,
    ],
    [
      "the local number of a limit that is there for load tests",
      () => [environment("staging", [/^REQUESTS_BY_ADDRESS.*$/m, ""])],
      /limits\.api\.REQUESTS_BY_ADDRESS is missing/,
    ],
    [
      "the number of another",
      () => [environment("staging"), production(), environment("preview")],
      /environments\/staging\.toml and environments\/preview\.toml have the same number, 1: .* 3 is free/,
    ],
    [
      "the database of another",
      () => [
        environment("staging", [/^id = .*$/m, 'id = "2f1c8e0a-1111-4222-8333-444455556666"']),
        environment(
          "preview",
          ["number = 1", "number = 3"],
          [/^id = .*$/m, 'id = "2F1C8E0A-1111-4222-8333-444455556666"'],
        ),
      ],
      /environments\/staging\.toml and environments\/preview\.toml have the same database, 2f1c8e0a-/,
    ],
  ])("%s", (_, environments, message) => {
    expect(() => generateTables(FILES, environments())).toThrow(message);
  });
});

it.each([
  ["a binding for which there is no rule", '[[kv_namespaces]]\nbinding = "CACHE"\nid = "x"\n', /has kv_namespaces/],
  ["an environment above the marker", '[env.staging]\nname = "x"\n', /has \[env\.…\] above/],
  ["no TOML", "[[[\n", /^workers\/api\/wrangler\.toml, line \d+: /],
])("a wrangler.toml with %s is refused", (_, addition, message) => {
  const files = { ...FILES, api: FILES.api.replace(MARKER, `${addition}\n${MARKER}`) };
  expect(() => generateTables(files, [environment("staging")])).toThrow(message);
});

describe("a third environment is one more file", () => {
  const ITS_OWN = [
    ["number = 1", "number = 3"],
    ["-000000000002", "-000000000004"],
  ] as const;
  const generateWith = (...changes: readonly (readonly [string | RegExp, string])[]) =>
    generateTables(FILES, [environment("staging"), environment("preview", ...ITS_OWN, ...changes)]);

  it("and every Worker has its tables, with names of its own", () => {
    const generated = generateWith();
    const folder = mkdtempSync(join(tmpdir(), "concord-tables-"));
    for (const worker of WORKER_NAMES) {
      const config = join(folder, configPathOf(worker));
      mkdirSync(dirname(config), { recursive: true });
      writeFileSync(config, generated[worker]);
      const read = (env: string) => {
        const { definedEnvironments, ...tables } = readConfig({ config, env }, { hideWarnings: true });
        expect(definedEnvironments).toEqual(["staging", "preview"]);
        return JSON.stringify(tables);
      };
      const renamed = read("staging")
        .replaceAll("staging", "preview")
        .replaceAll("-000000000002", "-000000000004")
        .replace(/"namespace_id":"(\d+)"/g, (_, id) => `"namespace_id":"${Number(id) + 2}"`);
      expect(JSON.parse(read("preview"))).toEqual(JSON.parse(renamed));
    }
    rmSync(folder, { recursive: true });
  });

  it.each(["gateway", "metrics"] as const)("which wrangler builds for %s, and warns of nothing", (worker) => {
    const generated = generateWith(
      ['address = "workers.dev"', 'address = "devices.example.com"'],
      [/# routes = .*/, 'routes = ["example.com/concord/*"]'],
      [/# account = .*/, `account = "${"0".repeat(32)}"`],
      ["logpush = false", "logpush = true"],
      ["sampling = 1.0\ndestinations = []\n", 'sampling = 0.5\ndestinations = ["grafana-logs"]\n'],
      ["invocations = true", "invocations = false"],
      ["persist = true", "persist = false"],
      ["sampling = 0.05\ndestinations = []", 'sampling = 0.01\ndestinations = ["grafana-traces"]'],
    );
    // Beside the original, so that its relative paths hold; git ignores the name.
    const config = join(ROOT, dirname(configPathOf(worker)), `wrangler.generated-${process.pid}.toml`);
    writeFileSync(config, generated[worker]);
    try {
      const args = ["deploy", "--dry-run", "-c", config, "--env", "preview"];
      const { status, stdout, stderr } = runTool("wrangler", args, {
        env: { ...process.env, WRANGLER_SEND_METRICS: "false", NO_COLOR: "1" },
      });
      expect({ status, said: `${stdout}${stderr}` }).toMatchObject({
        status: 0,
        said: expect.not.stringMatching(/WARNING|ERROR/),
      });
      expect(stdout).toContain('env.ENVIRONMENT ("preview")');
    } finally {
      rmSync(config);
    }
  });
});
