import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

type Stored = {
  readonly schema: string;
  readonly schemaType?: string;
  readonly references?: readonly { readonly name: string; readonly subject: string; readonly version: number }[];
};

export type FakeRegistry = {
  readonly url: URL;
  /** Paths that were asked for, in their order. */
  readonly asked: string[];
  /** `Authorization` of the last request. */
  readonly authorization: string | undefined;
  /** What it answers instead, request by request, as long as there is something. */
  readonly instead: {
    readonly status: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
  }[];
  add(id: number, stored: Stored): void;
  addVersion(subject: string, version: number, stored: Stored): void;
  stop(): Promise<void>;
};

/** For tests: a schema registry that answers as Confluent's does. */
export async function startFakeRegistry(): Promise<FakeRegistry> {
  const schemas = new Map<string, Stored>();
  const asked: string[] = [];
  const instead: FakeRegistry["instead"] = [];
  let authorization: string | undefined;
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    asked.push(path);
    authorization = request.headers.authorization;
    const other = instead.shift();
    const answer = (status: number, body: string, headers = {}) =>
      response.writeHead(status, { "Content-Type": "application/vnd.schemaregistry.v1+json", ...headers }).end(body);
    if (other) return void answer(other.status, other.body ?? "", other.headers);
    const stored = schemas.get(path.replace(/\?.*/, ""));
    if (stored) return void answer(200, JSON.stringify(stored));
    const code = path.startsWith("/schemas") ? 40403 : 40402;
    return void answer(404, JSON.stringify({ error_code: code, message: "not found" }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    asked,
    instead,
    get authorization() {
      return authorization;
    },
    add: (id, stored) => void schemas.set(`/schemas/ids/${id}`, stored),
    addVersion: (subject, version, stored) =>
      void schemas.set(`/subjects/${encodeURIComponent(subject)}/versions/${version}`, stored),
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
