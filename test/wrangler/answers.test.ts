import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { accountOf } from "../../deploy/account/account.ts";
import { credentialsOf } from "../../deploy/account/cloudflare-api.ts";
import { installedWrangler, type Wrangler } from "../../deploy/account/wrangler.ts";
import { readWorkers, type Worker } from "../../deploy/workers.ts";

/** The installed wrangler itself, against a made-up API: that what it prints is what we read. */
const ACCOUNT = "0123456789abcdef0123456789abcdef";
const OLD = "00000000-1111-4222-8333-000000000001";
const NEW = "00000000-1111-4222-8333-000000000002";
const version = (id: string) => ({
  id,
  number: 1,
  metadata: { created_on: "2026-01-01T00:00:00Z", author_email: "a@example.com", source: "wrangler" },
  annotations: { "workers/tag": "r1", "workers/message": "content 0123456789abcdef" },
  resources: {
    bindings: [{ type: "plain_text", name: "ENVIRONMENT", text: "staging" }],
    script: { handlers: ["fetch"] },
    script_runtime: { migration_tag: "v1" },
  },
});
const deployment = {
  id: "d",
  source: "wrangler",
  strategy: "percentage",
  author_email: "a@example.com",
  created_on: "2026-01-01T00:00:00Z",
  annotations: { "workers/message": "complete: r1" },
  versions: [{ version_id: OLD, percentage: 100 }],
};

const posted: { what: string; body: string }[] = [];
/** A rollback behind a change of secrets is refused until wrangler asks with force. */
let isSecretChanged = false;

/** A Worker is not there until wrangler makes it. */
let isMissing = false;

function resultOf(what: string): unknown {
  if (/\/workers\/services\/[^/]+$/.test(what)) return { default_environment: { script: { tag: "t", tags: [] } } };
  if (what.startsWith("POST") && what.endsWith("/versions")) {
    return { id: NEW, metadata: { has_preview: false }, resources: { script: { etag: "e" } }, startup_time_ms: 1 };
  }
  if (what.endsWith("/subdomain")) return { subdomain: "acme", enabled: true, previews_enabled: false };
  if (what === "GET /user") return { email: "a@example.com" };
  if (what === "GET /accounts") return [{ id: ACCOUNT, name: "Acme" }];
  if (what.startsWith("GET /memberships")) return [{ account: { id: ACCOUNT, name: "Acme" } }];
  if (what.endsWith("/d1/database")) return [{ uuid: "d1", name: "concord-staging" }];
  if (what.endsWith("/time_travel/bookmark")) return { bookmark: "0000-1" };
  if (what.endsWith("/secrets")) return [{ name: "INGEST_CREDENTIALS", type: "secret_text" }];
  if (what.startsWith("GET") && what.endsWith("/deployments")) return { deployments: [deployment] };
  if (what.endsWith("/deployments")) return { id: "d2" };
  if (what.endsWith("/versions")) return { items: [version(OLD), version(NEW)] };
  if (what.includes("/versions/")) return version(what.split("/").at(-1) ?? "");
  return { subdomain: { enabled: false, previews_enabled: false } };
}

const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const url = new URL(request.url ?? "/", "http://api");
  const what = `${request.method} ${url.pathname.replace(/\/$/, "")}`;
  if (request.method !== "GET") posted.push({ what: `${what}${url.search}`, body: Buffer.concat(chunks).toString() });
  const headers = { "Content-Type": "application/json" };
  if (isSecretChanged && what.startsWith("POST") && what.endsWith("/deployments") && !url.searchParams.has("force")) {
    const message = "Cannot roll back. The following secrets have changed: INGEST_CREDENTIALS";
    response
      .writeHead(400, headers)
      .end(JSON.stringify({ success: false, errors: [{ code: 10220, message }], result: null }));
    return;
  }
  if (isMissing && what.endsWith("/secrets-bulk")) {
    const message = "This Worker does not exist on your account.";
    const errors = [{ code: 10007, message }];
    response.writeHead(404, headers).end(JSON.stringify({ success: false, errors, result: null }));
    return;
  }
  if (/^PUT .*\/scripts\/[^/]+$/.test(what)) isMissing = false;
  response
    .writeHead(200, headers)
    .end(JSON.stringify({ success: true, errors: [], messages: [], result: resultOf(what) }));
});

let wrangler: Wrangler;
const worker = readWorkers("staging").find(({ folder }) => folder === "workers/api") as Worker;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  wrangler = installedWrangler({
    CLOUDFLARE_API_BASE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    CLOUDFLARE_API_TOKEN: "a-token",
    CLOUDFLARE_ACCOUNT_ID: ACCOUNT,
  });
});
afterAll(() => new Promise<void>((resolve) => void server.close(() => resolve())));

describe("what the installed wrangler prints is what is read of it", () => {
  it("who is logged in, and with what", async () => {
    expect(await accountOf(wrangler).whoAmI()).toMatchObject({ loggedIn: true, accounts: [{ id: ACCOUNT }] });
    expect(await credentialsOf(wrangler)).toEqual({ Authorization: "Bearer a-token" });
  });

  it("databases, bookmarks and secrets", async () => {
    const account = accountOf(wrangler);
    expect(await account.listDatabases()).toEqual([{ uuid: "d1", name: "concord-staging" }]);
    expect(await account.bookmark("concord-staging")).toBe("0000-1");
    expect(await account.listSecrets(worker)).toEqual(["INGEST_CREDENTIALS"]);
  });

  it("deployments and versions, with what was noted", async () => {
    const account = accountOf(wrangler);
    expect((await account.listDeployments(worker))?.[0]).toMatchObject({ versions: [{ version_id: OLD }] });
    expect((await account.listVersions(worker)).map(({ id }) => id).sort()).toEqual([OLD, NEW]);
    expect(await account.viewVersion(worker, NEW)).toMatchObject({
      id: NEW,
      annotations: { "workers/tag": "r1" },
      resources: { script_runtime: { migration_tag: "v1" } },
    });
  });

  it("shares are sent as they are asked for, 0 percent too", async () => {
    posted.length = 0;
    const traffic = [
      { version_id: NEW, percentage: 0 },
      { version_id: OLD, percentage: 100 },
    ];
    await accountOf(wrangler).deployVersions(worker, "staging", traffic, "r2: 0 %");
    const { body } = posted.find(({ what }) => what.startsWith("POST") && what.includes("/deployments")) ?? {
      body: "{}",
    };
    expect(JSON.parse(body)).toMatchObject({ versions: traffic, annotations: { "workers/message": "r2: 0 %" } });
  });

  it("a rollback behind a change of secrets is asked for again with force", async () => {
    posted.length = 0;
    isSecretChanged = true;
    await accountOf(wrangler).rollBack(worker, "staging", OLD, "complete: r1");
    isSecretChanged = false;
    const sent = posted.filter(({ what }) => what.includes("/deployments"));
    expect(sent.map(({ what }) => what.split("/").at(-1))).toEqual(["deployments", "deployments?force=true"]);
    expect(JSON.parse(sent[1]?.body ?? "{}")).toMatchObject({ annotations: { "workers/message": "complete: r1" } });
  });

  it("a version that is uploaded is named by its id, with our note", async () => {
    posted.length = 0;
    const door = readWorkers("staging").find(({ folder }) => folder === ".") as Worker;
    const label = { tag: "r2", message: "content 0123456789abcdef" };
    expect(await accountOf(wrangler).uploadVersion(door, "staging", label)).toBe(NEW);
    const { body } = posted.find(({ what }) => what.startsWith("POST") && what.includes("/versions")) ?? { body: "" };
    expect(body).toContain('"annotations":{"workers/message":"content 0123456789abcdef","workers/tag":"r2"}');
  });

  it("a placeholder has the name that it is given, its classes, and no version of ours", async () => {
    posted.length = 0;
    expect(await accountOf(wrangler).deployPlaceholder(worker)).toBe(NEW);
    const [upload, deployed] = posted.filter(({ what }) => what.startsWith("POST"));
    expect(upload?.what).toContain(`/scripts/${worker.name}/versions`);
    expect(upload?.body).toMatch(/OperationsService = class extends WorkerEntrypoint|class OperationsService extends/);
    expect(upload?.body).toContain('"bindings":[]');
    expect(upload?.body).not.toContain("workers/tag");
    expect(JSON.parse(deployed?.body ?? "{}")).toMatchObject({ versions: [{ version_id: NEW, percentage: 100 }] });
    expect(upload?.body).toContain('"workers/message":"placeholder until its first deployment"');
  });

  it("triggers are named with their address", async () => {
    const door = readWorkers("staging").find(({ folder }) => folder === ".") as Worker;
    expect(await accountOf(wrangler).deployTriggers(door, "staging")).toMatch(
      /^ {2}https:\/\/concord-staging\.acme\.workers\.dev$/m,
    );
  });

  it("secrets make a Worker that is missing, and go by the body alone", async () => {
    posted.length = 0;
    isMissing = true;
    const secret = "canary-5d";
    const ran = await accountOf(wrangler).putSecrets(worker, { TOKEN_SECRET: secret });
    expect(posted.map(({ what }) => what.split(`${worker.name}`).at(-1))).toEqual([
      "/secrets-bulk",
      "",
      "/secrets-bulk",
    ]);
    expect(posted.at(-1)?.body).toContain(secret);
    expect(ran.said).not.toContain(secret);
  });

  it("whoever runs it may have told wrangler to say everything: answers are read all the same, and no secret is said", async () => {
    vi.stubEnv("WRANGLER_LOG", "debug");
    vi.stubEnv("WRANGLER_LOG_SANITIZE", "false");
    try {
      const account = accountOf(wrangler);
      expect(await account.listDatabases()).toEqual([{ uuid: "d1", name: "concord-staging" }]);
      const secret = "canary-6e";
      const ran = await account.putSecrets(worker, { TOKEN_SECRET: secret });
      expect(ran.said).not.toContain(secret);
      expect(ran.said).not.toContain("a-token");
    } finally {
      vi.unstubAllEnvs();
    }
  });
});
