import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

type Step = {
  readonly new_sqlite_classes?: readonly string[];
  readonly transferred_classes?: readonly {
    readonly from: string;
    readonly from_script: string;
    readonly to: string;
  }[];
};

type Binding = { readonly type: string; readonly class_name?: string; readonly script_name?: string };

/** What wrangler uploads besides the code. */
type Metadata = {
  readonly bindings?: readonly Binding[];
  readonly migrations?: { readonly old_tag?: string; readonly new_tag: string; readonly steps: readonly Step[] };
};

/** A Worker of an account: its last applied migration, the classes whose objects it has, and its bindings. */
export type Deployed = {
  readonly tag?: string;
  readonly classes: readonly string[];
  readonly bindings?: readonly Binding[];
};

type Reply = { readonly status?: number; readonly code?: number; readonly message?: string; readonly result?: unknown };

/**
 * The part of Cloudflare's API that wrangler calls to inspect Workers and to deploy one without assets, over an account
 * that a test defines. A class can be created once, and is transferred from the Worker that has it. That its objects
 * are transferred too can only be checked on the platform.
 */
export async function startAccountStub(workers: Readonly<Record<string, Deployed>>, { isDown = false } = {}) {
  const account = new Map<string, Deployed>(Object.entries(workers));
  const migrations: Metadata["migrations"][] = [];

  function answer(what: string, body: string): Reply {
    if (isDown) return { status: 500, code: 10013, message: "An unknown error has occurred." };
    const worker = /\/workers\/(?:services|scripts|workers)\/([^/]+)/.exec(what)?.[1] ?? "";
    if (/^(PUT \/workers\/scripts\/[^/]+|POST .*\/versions)$/.test(what)) return upload(worker, body);
    const deployed = account.get(worker);
    if (!deployed) return { status: 404, code: 10007, message: "This Worker does not exist on your account." };
    if (/\/services\/[^/]+$/.test(what)) {
      return { result: { id: worker, default_environment: { script: { migration_tag: deployed.tag } } } };
    }
    if (/\/versions\//.test(what)) return { result: { resources: { bindings: deployed.bindings ?? [] } } };
    if (/\/deployments$/.test(what)) return { result: { deployments: [{ versions: [{ version_id: "1" }] }] } };
    if (/\/settings$/.test(what)) return { result: { bindings: [], annotations: {} } };
    if (/\/secrets$/.test(what)) return { result: [] };
    return { result: { subdomain: { enabled: false, previews_enabled: false } } };
  }

  function upload(worker: string, body: string): Reply {
    const [, json = "{}"] = /name="metadata"[\s\S]*?\r\n\r\n([^\r]*)/.exec(body) ?? [];
    const metadata = JSON.parse(json) as Metadata;
    const { new_tag: tag = account.get(worker)?.tag, steps = [] } = metadata.migrations ?? {};
    const classesOf = (name: string) => account.get(name)?.classes ?? [];
    for (const { new_sqlite_classes = [], transferred_classes = [] } of steps) {
      if (new_sqlite_classes.some((name) => classesOf(worker).includes(name))) return refused("It has that class.");
      for (const { from, from_script } of transferred_classes) {
        if (!classesOf(from_script).includes(from)) return refused("There is no such class to transfer.");
        const classes = classesOf(from_script).filter((name) => name !== from);
        account.set(from_script, { ...account.get(from_script), classes });
      }
      const classes = [...classesOf(worker), ...new_sqlite_classes, ...transferred_classes.map(({ to }) => to)];
      account.set(worker, { ...account.get(worker), classes });
    }
    account.set(worker, { classes: classesOf(worker), bindings: metadata.bindings ?? [], ...(tag && { tag }) });
    migrations.push(metadata.migrations);
    return { result: { id: "1", resources: { script: { etag: "1" }, script_runtime: {} }, startup_time_ms: 1 } };
  }

  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { pathname } = new URL(request.url ?? "/", "http://stub");
    const what = `${request.method} ${pathname.replace("/accounts/stub", "")}`;
    const { status = 200, code, message, result = null } = answer(what, Buffer.concat(chunks).toString("latin1"));
    const errors = code === undefined ? [] : [{ code, message }];
    response
      .writeHead(status, { "Content-Type": "application/json" })
      .end(JSON.stringify({ success: status === 200, errors, messages: [], result }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    /** The variables that wrangler needs. */
    env: {
      CLOUDFLARE_API_BASE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      CLOUDFLARE_API_TOKEN: "stub",
      CLOUDFLARE_ACCOUNT_ID: "stub",
    },
    /** The migrations of each upload, in order. */
    migrations,
    /** The Workers that have objects of this class. */
    ownersOf: (name: string) => [...account].flatMap(([worker, { classes }]) => (classes.includes(name) ? worker : [])),
    stop: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  };
}

const refused = (message: string): Reply => ({ status: 400, code: 10074, message });
