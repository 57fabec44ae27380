import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { State } from "./state.ts";

export type Reply = { readonly status: number; readonly body: unknown };

/** How many queues a page has. The API's own number is larger; two show that pages are followed. */
const PAGE = 2;

const ok = (result: unknown, result_info?: object): Reply => ({
  status: 200,
  body: { success: true, errors: [], messages: [], result, ...(result_info && { result_info }) },
});
const failed = (status: number, code: number, message: string): Reply => ({
  status,
  body: { success: false, errors: [{ code, message }], messages: [], result: null },
});

/** What the API answers to the calls that are made without wrangler. */
export function answerRest(state: State, method: string, url: URL, authorization: string, body: string): Reply {
  if (authorization !== "Bearer the-token-of-the-login") return failed(403, 10000, "Authentication error");
  const [, account, path = ""] = /\/accounts\/([^/]+)(\/.*)$/.exec(url.pathname) ?? [];
  if (!state.accounts.some(({ id }) => id === account)) return failed(403, 10000, "Authentication error");
  if (path === "/queues") {
    const page = Number(url.searchParams.get("page") ?? 1);
    const queues = state.queues.slice((page - 1) * PAGE, page * PAGE);
    const result = queues.map(({ name, consumers }) => ({
      queue_name: name,
      consumers: consumers.map((script) => ({ type: "worker", script })),
    }));
    return ok(result, { page, per_page: PAGE, total_pages: Math.ceil(state.queues.length / PAGE) });
  }
  if (path === "/workers/subdomain") {
    return state.subdomain === null ? failed(404, 10007, "No subdomain") : ok({ subdomain: state.subdomain });
  }
  const [, id] = /^\/d1\/database\/([^/]+)$/.exec(path) ?? [];
  const database = state.databases.find(({ uuid }) => uuid === id);
  if (!database) return failed(404, 7404, "The database could not be found");
  if (method === "PUT") {
    database.replication = (
      JSON.parse(body) as { read_replication: { mode: "auto" | "disabled" } }
    ).read_replication.mode;
  }
  const { uuid, name, replication, jurisdiction, location, tables } = database;
  return ok({
    ...{ uuid, name, version: "production", num_tables: tables.length, running_in_region: location?.toUpperCase() },
    ...{ jurisdiction: jurisdiction ?? null, read_replication: { mode: replication } },
  });
}

/** The same over HTTP. @param change reads the state, and keeps what became of it */
export async function startRest(change: <T>(act: (state: State) => T) => T) {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? "/", "http://account");
    const { method = "GET", headers } = request;
    const reply = change((state) =>
      answerRest(state, method, url, headers.authorization ?? "", Buffer.concat(chunks).toString("utf8")),
    );
    response.writeHead(reply.status, { "Content-Type": "application/json" }).end(JSON.stringify(reply.body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  };
}
