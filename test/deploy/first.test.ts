import { describe, expect, it } from "vitest";
import { LOCAL_CREDENTIAL_HASH } from "#auth/credential.ts";
import { findAccount } from "../../deploy/account/login.ts";
import { planLines } from "../../deploy/rollout/plan.ts";
import { StandIn } from "./account/stand-in.ts";
import { ACCOUNT_ID, emptyAccount } from "./account/state.ts";
import { CANARY, NEXT_SECRETS, outcomeOf, Runs, SECRETS, servedIn } from "./runs.ts";

const WORKERS = ["metrics", "devices", "archive", "ingest", "dlq", "api"].map((name) => `concord-${name}-staging`);

describe("an empty account", () => {
  it("is provisioned and deployed, each Worker after those that it binds to", async () => {
    const runs = new Runs(new StandIn());
    expect(await runs.bringUp("r1")).toBe(true);
    const { state, calls } = runs.standIn;
    expect(servedIn(state)).toEqual(
      Object.fromEntries([...WORKERS, "concord-staging"].sort().map((name) => [name, "v1 of r1 100 %"])),
    );
    const { databases, queues, buckets, triggers, complete } = outcomeOf(state);
    expect(databases).toMatchObject([
      { name: "concord-staging", replication: "auto", location: "weur" },
      { name: "concord-rebuilt-staging", replication: "disabled", location: "weur" },
    ]);
    expect(databases[1]?.migrations).toEqual(databases[0]?.migrations);
    expect(buckets).toEqual(["concord-archive-staging"]);
    expect(calls).toContain("r2 bucket create concord-archive-staging --location weur");
    expect(queues).toEqual([
      "concord-backfill-staging concord-ingest-staging",
      "concord-dead-letters-staging concord-dlq-staging",
      "concord-events-staging concord-ingest-staging",
      "concord-suspects-staging concord-ingest-staging",
    ]);
    expect(triggers).toContain("concord-staging  https://concord-staging.acme.workers.dev undefined ");
    expect(complete.filter((line) => !line.endsWith("complete"))).toEqual([]);
    const migrated = calls.findIndex((call) => call.startsWith("d1 migrations apply"));
    expect(calls.findIndex((call) => call.startsWith("deploy -c") && !call.includes("--dry-run"))).toBeGreaterThan(
      migrated,
    );
    expect(runs.text).toContain("npx wrangler d1 time-travel restore concord-staging --bookmark 0000000-0-bookmark");
  });

  it("is only read by a dry run", async () => {
    const runs = new Runs(new StandIn());
    expect(await runs.provision({ isDryRun: true, secrets: SECRETS })).toBe("waiting");
    expect(runs.standIn.changes).toEqual([]);
    expect(runs.text).toContain("database concord-staging             will be made (in weur)");
    expect(runs.text).toContain("A run would do 9 of these; this one did nothing.");
  });

  it("gets a first deployment only when its database exists and its required secrets are set", async () => {
    const runs = new Runs(new StandIn());
    expect((await runs.deploy("r1")).isDone).toBe(false);
    expect(runs.text).toContain("concord-staging was never made. Run `npm run provision -- --env staging` first.");
    expect(await runs.provision()).toBe("waiting");
    expect((await runs.deploy("r1")).isDone).toBe(false);
    expect(runs.text).toContain("concord-ingest-staging lacks its secret INGEST_CREDENTIALS.");
    expect(runs.standIn.changes.some((call) => call.startsWith("deploy"))).toBe(false);
  });

  it("gets no deployment while nobody could sign in", async () => {
    const runs = new Runs(new StandIn());
    const { settings } = runs.environment;
    runs.environment = { ...runs.environment, settings: { ...settings, TOKEN_KEYS: "" } };
    expect(await runs.bringUp("r1")).toBe(false);
    expect(runs.text).toContain(
      "TOKEN_KEYS in [settings] of environments/staging.toml is empty, so nobody can sign in.",
    );
    expect(runs.standIn.changes.some((call) => call.startsWith("deploy"))).toBe(false);
    runs.environment = { ...runs.environment, settings: { ...settings, TOKEN_KEYS: "", TOKEN_ISSUER: "{}" } };
    expect((await runs.deploy("r1")).isDone).toBe(true);
  });

  it("tells which folders --only has to name too", async () => {
    const runs = new Runs(new StandIn());
    await runs.provision({ secrets: SECRETS });
    const { problems } = await runs.plan("r1", ["workers/dlq"]);
    expect(problems).toEqual([
      "workers/dlq binds to workers/metrics, workers/devices and workers/archive, which changed too. Name them with --only as well, or leave --only out.",
    ]);
  });

  it("shows every migration in a plan for a database that was never made", async () => {
    const runs = new Runs(new StandIn());
    const lines = planLines(await runs.plan("r1"), runs.environment);
    expect(lines.find((line) => line.includes("migrations"))).toContain("0000_initial.sql, 0001_lists.sql");
  });

  it("is tried once, when the last Worker is there", async () => {
    const runs = new Runs(new StandIn());
    const served: string[][] = [];
    runs.smoke = async () => {
      served.push(Object.keys(runs.standIn.state.workers));
      return { ok: true, steps: [] };
    };
    await runs.bringUp("r1");
    expect(served.map((workers) => workers.length)).toEqual([7]);
  });
});

it.each([
  ["an empty list of keys", { TOKEN_KEYS: "" }, "waiting"],
  ["keys", { TOKEN_KEYS: '{"keys":[]}' }, "ready"],
  ["an issuer", { TOKEN_KEYS: "", TOKEN_ISSUER: "{}" }, "ready"],
])("with %s in the file, provision says whether anybody can sign in", async (_, settings, ended) => {
  const runs = new Runs(new StandIn());
  runs.environment = { ...runs.environment, settings };
  expect(await runs.provision({ secrets: SECRETS })).toBe(ended);
  expect(runs.text.includes("nobody can sign in")).toBe(ended === "waiting");
});

describe("a second run", () => {
  it("has nothing to do, and calls nothing that changes anything", async () => {
    const runs = new Runs(new StandIn());
    await runs.bringUp("r1");
    const before = structuredClone(runs.standIn.state);
    runs.standIn.calls = [];
    runs.lines.length = 0;
    expect(await runs.provision()).toBe("ready");
    const { isDone, plan } = await runs.deploy("r2");
    expect([isDone, plan.chosen.map(({ worker }) => worker.name), plan.migrations]).toEqual([true, [], []]);
    expect(runs.standIn.changes).toEqual([]);
    expect(runs.standIn.state).toEqual(before);
    expect(runs.text).toContain("Nothing has to be done.");
  });

  it("of another environment leaves the first as it is", async () => {
    const staging = new Runs(new StandIn());
    await staging.bringUp("r1");
    const before = servedIn(staging.standIn.state);
    const production = new Runs(staging.standIn, "production");
    expect(await production.bringUp("r1")).toBe(true);
    const after = servedIn(staging.standIn.state);
    expect(Object.keys(after)).toHaveLength(14);
    expect(Object.fromEntries(Object.entries(after).filter(([name]) => name.endsWith("-staging")))).toEqual(before);
    expect(staging.standIn.state.databases.map(({ name }) => name)).toEqual([
      ...["concord-staging", "concord-rebuilt-staging", "concord-production", "concord-rebuilt-production"],
    ]);
  });
});

describe("what an account has already", () => {
  it.each([
    ["an empty database of that name is taken over", [] as string[], "ready", "its id is not in the file"],
    ["one of ours is taken over", ["devices", "d1_migrations"], "ready", "its id is not in the file"],
    ["one of somebody else is not", ["invoices"], "refused", "taken by a database of somebody else, with invoices"],
  ])("%s", async (_, tables, ended, text) => {
    const runs = new Runs(new StandIn());
    runs.standIn.state.databases.push({
      ...{ uuid: "5ac1f1c2-0000-4000-8000-000000000000", name: "concord-staging", location: "weur" },
      ...{ jurisdiction: undefined, replication: "disabled", tables, migrations: [] },
    });
    expect(await runs.provision({ secrets: SECRETS })).toBe(ended);
    expect(runs.text).toContain(text);
    if (ended === "refused") expect(runs.standIn.changes).toEqual([]);
    else expect(runs.environment.database.id).toBe("5ac1f1c2-0000-4000-8000-000000000000");
  });

  it("a database in another place is told, and nothing is moved", async () => {
    const runs = new Runs(new StandIn());
    await runs.bringUp("r1");
    runs.environment = { ...runs.environment, database: { ...runs.environment.database, location: "apac" } };
    expect(await runs.provision()).toBe("ready");
    expect(runs.text).toContain("it is in weur and not in apac, and cannot be moved");
  });

  it("a file that names another database than the account has is refused", async () => {
    const runs = new Runs(new StandIn());
    await runs.bringUp("r1");
    const id = "99999999-0000-4000-8000-000000000000";
    runs.environment = { ...runs.environment, database: { ...runs.environment.database, id } };
    expect(await runs.provision()).toBe("refused");
    expect(runs.text).toContain(`environments/staging.toml names ${id}`);
  });

  it.each([
    [
      "of another environment",
      "concord-production",
      "that is the database concord-production, and not concord-staging",
    ],
    ["that the account does not have", undefined, "the account has no such database"],
  ])("a file that names a database %s is not deployed, and nothing is migrated", async (_, name, says) => {
    const runs = new Runs(new StandIn());
    await runs.bringUp("r1");
    const uuid = "5ac1f1c2-0000-4000-8000-00000000000a";
    const [own] = runs.standIn.state.databases;
    if (name && own) runs.standIn.state.databases.push({ ...own, uuid, name });
    runs.standIn.state.moreMigrations = ["9999_more.sql"];
    runs.standIn.state.code["workers/api"] = "v2";
    runs.environment = { ...runs.environment, database: { ...runs.environment.database, id: uuid.toUpperCase() } };
    runs.standIn.calls = [];
    expect((await runs.deploy("r2")).isDone).toBe(false);
    expect(runs.text).toContain(says);
    expect(runs.standIn.changes).toEqual([]);
  });

  it("a release that brings the archive is not deployed before its bucket is made", async () => {
    const runs = new Runs(new StandIn());
    await runs.bringUp("r1");
    runs.standIn.state.buckets = [];
    runs.standIn.state.code["workers/archive"] = "v2";
    runs.standIn.calls = [];
    expect((await runs.deploy("r2")).isDone).toBe(false);
    expect(runs.text).toContain("The bucket concord-archive-staging was never made. Run `npm run provision");
    expect(runs.standIn.changes).toEqual([]);
    expect(await runs.provision()).toBe("ready");
    expect((await runs.deploy("r2")).isDone).toBe(true);
  });

  it("the archive's bucket is made, and found, in its jurisdiction", async () => {
    const runs = new Runs(new StandIn());
    runs.environment = { ...runs.environment, archive: { ...runs.environment.archive, jurisdiction: "eu" } };
    await runs.provision({ secrets: SECRETS });
    expect(runs.standIn.calls).toContain("r2 bucket create concord-archive-staging --jurisdiction eu");
    runs.standIn.calls = [];
    expect(await runs.provision()).toBe("ready");
    expect(runs.standIn.changes).toEqual([]);
  });

  it("a queue that somebody else consumes is refused", async () => {
    const runs = new Runs(new StandIn());
    runs.standIn.state.queues.push({ name: "concord-events-staging", consumers: ["billing"] });
    expect(await runs.provision()).toBe("refused");
    expect(runs.text).toContain("billing consumes it, and not concord-ingest-staging");
    expect(runs.standIn.changes).toEqual([]);
  });

  it("a Worker of somebody else stops a deployment before it changes anything", async () => {
    const runs = new Runs(new StandIn());
    await runs.provision({ secrets: SECRETS });
    const worker = { id: "00000000-1111-4222-8333-aaaaaaaaaaaa", created_on: "2026-01-01T00:00:00Z", annotations: {} };
    const bindings = [{ type: "kv_namespace", name: "CACHE" }];
    runs.standIn.state.workers["concord-api-staging"] = {
      ...{ secrets: {}, classes: [], crons: [] },
      versions: [{ ...worker, bindings, migration_tag: undefined, code: "theirs", exports: [], secrets: "{}" }],
      deployments: [
        { created_on: worker.created_on, versions: [{ version_id: worker.id, percentage: 100 }], annotations: {} },
      ],
    };
    runs.standIn.calls = [];
    expect((await runs.deploy("r1")).isDone).toBe(false);
    expect(runs.text).toContain("a Worker concord-api-staging that is not Concord's staging");
    expect(runs.standIn.changes).toEqual([]);
  });

  it("queues are found on every page", async () => {
    const runs = new Runs(new StandIn());
    runs.standIn.state.queues = ["a", "b", "c", "d", "e"].map((name) => ({ name, consumers: ["billing"] }));
    await runs.bringUp("r1");
    runs.lines.length = 0;
    expect(await runs.provision()).toBe("ready");
    expect(runs.text).toContain("Nothing has to be done.");
    expect(runs.standIn.calls).toContain(`GET /accounts/${ACCOUNT_ID}/queues?page=5`);
  });
});

describe("secrets", () => {
  it("are in no argument, in no output, and in nothing that the account shows", async () => {
    const runs = new Runs(new StandIn());
    await runs.bringUp("r1");
    expect(runs.standIn.state.workers["concord-ingest-staging"]?.secrets.INGEST_CREDENTIALS).toContain(CANARY);
    expect(runs.standIn.seen).toContain("secret bulk");
    expect(runs.standIn.seen + runs.text).not.toContain(CANARY);
  });

  it.each([
    ["that is no JSON", { INGEST_CREDENTIALS: CANARY }, "INGEST_CREDENTIALS: is not JSON"],
    [
      "in another shape",
      { INGEST_CREDENTIALS: `[{"id":"elt","hash":"${CANARY}","may":["*"]}]` },
      "INGEST_CREDENTIALS.0.hash: must be the SHA-256 of id:secret in hex",
    ],
    [
      "of local development",
      { INGEST_CREDENTIALS: `[{"id":"dev","hash":"${LOCAL_CREDENTIAL_HASH}","may":["*"]}]` },
      "INGEST_CREDENTIALS: holds the local credential",
    ],
    ["that is too short", { TOKEN_SECRET: CANARY }, "TOKEN_SECRET: must have at least 32 characters"],
    ["without an audience", { OPS_ACCESS: `{"issuer":"https://${CANARY}.example"}` }, "OPS_ACCESS.audience: "],
    ["of an issuer without keys", { INGEST_TOKENS: `{"issuer":"${CANARY}"}` }, "INGEST_TOKENS."],
  ])("%s are not set, since their Worker would serve nothing from then on", async (_, values, says) => {
    const runs = new Runs(new StandIn());
    const refused = runs.provision({ secrets: { ...SECRETS, ...values } });
    await expect(refused).rejects.toThrow(says);
    await expect(refused).rejects.not.toThrow(CANARY);
    expect(runs.standIn.changes).toEqual([]);
  });

  it("that are set anew make a version, which the next deployment knows as the one before", async () => {
    const runs = new Runs(new StandIn());
    await runs.bringUp("r1");
    await runs.provision({ secrets: NEXT_SECRETS });
    const { plan } = await runs.deploy("r1");
    expect(plan.chosen.map(({ worker }) => worker.name)).toEqual([]);
    runs.standIn.state.code["workers/ingest"] = "v2";
    expect((await runs.deploy("r2")).isDone).toBe(true);
    await runs.rollback();
    expect(servedIn(runs.standIn.state)["concord-ingest-staging"]).toBe("v1 of nobody 100 %");
  });
});

it("after a rollout that was put back, a secret can be set once the former code is the newest version again", async () => {
  const runs = new Runs(new StandIn());
  await runs.bringUp("r1");
  const { smoke } = runs;
  runs.smoke = async () => ({ ok: false, steps: [{ name: "produce", ok: false, ms: 1 }] });
  runs.standIn.state.code["workers/ingest"] = "v2";
  await runs.deploy("r2");
  runs.smoke = smoke;
  const secrets = NEXT_SECRETS;
  await expect(runs.provision({ secrets })).rejects.toThrow("isn't currently deployed");
  expect(runs.text).toContain("`npm run deploy -- --env staging --only workers/ingest --anew` makes it the newest.");
  runs.standIn.state.code["workers/ingest"] = "v1";
  expect((await runs.deploy("r1", ["workers/ingest"], true)).isDone).toBe(true);
  expect(await runs.provision({ secrets })).toBe("ready");
  // What r2 uploaded then has the former secret, and is not taken again.
  runs.standIn.state.code["workers/ingest"] = "v2";
  expect((await runs.deploy("r2")).isDone).toBe(true);
  expect(servedIn(runs.standIn.state)["concord-ingest-staging"]).toBe("v2 of r2 100 %");
});

it("a rollback goes behind a change of secrets, which the platform refuses without force", async () => {
  const runs = new Runs(new StandIn());
  await runs.bringUp("r1");
  runs.standIn.state.code["workers/ingest"] = "v2";
  await runs.deploy("r2");
  await runs.provision({ secrets: NEXT_SECRETS });
  await runs.rollback();
  expect(servedIn(runs.standIn.state)["concord-ingest-staging"]).toBe("v1 of r1 100 %");
});

describe("a login", () => {
  const environment = new Runs(new StandIn()).environment;
  it.each([
    ["nobody", { isLoggedIn: false }, {}, "Nobody is logged in."],
    ["without an account", { accounts: [] }, {}, "This login has no account"],
    [
      "with several accounts",
      {
        accounts: [
          { id: ACCOUNT_ID, name: "A" },
          { id: "b", name: "B" },
        ],
      },
      {},
      "several accounts",
    ],
    ["without the account of the file", {}, { account: "f".repeat(32) }, "no access to it"],
  ])("%s is refused before anything is read", async (_, state, file, message) => {
    const runs = new Runs(new StandIn({ ...emptyAccount(), ...state }));
    await expect(findAccount(runs.account, { ...environment, ...file })).rejects.toThrow(message);
    expect(runs.standIn.calls).toEqual(["whoami --json"]);
  });

  it("by a token that sees no account is taken with the account of the file", async () => {
    const runs = new Runs(new StandIn({ ...emptyAccount(), accounts: [] }));
    expect(await findAccount(runs.account, { ...environment, account: ACCOUNT_ID })).toBe(ACCOUNT_ID);
  });

  it("with the account of the file is taken", async () => {
    const accounts = [
      { id: "b", name: "B" },
      { id: ACCOUNT_ID, name: "A" },
    ];
    const runs = new Runs(new StandIn({ ...emptyAccount(), accounts }));
    expect(await findAccount(runs.account, { ...environment, account: ACCOUNT_ID })).toBe(ACCOUNT_ID);
  });
});
