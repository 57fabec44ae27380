import { createExecutionContext } from "cloudflare:test";
import type { OpsRole } from "#auth/ops-user.ts";
import type { StatusReport } from "#domain/change.ts";
import type { Aspects } from "#domain/device.ts";
import worker from "../../../workers/dlq/index.ts";
import { version } from "../seeds.ts";
import { bearerAt, env } from "./support.ts";

/** Sends a request to the dlq Worker, with its bindings or with others. */
export const send = async (request: Request, its = env): Promise<Response> =>
  worker.fetch(request as Request<unknown, IncomingRequestCfProperties>, its, createExecutionContext());

type Asked = { readonly role?: OpsRole; readonly headers?: Record<string, string>; readonly its?: typeof env };

/** Gets a path below `/ops/api/devices`, as a viewer unless another role is given. */
export async function get(path: string, { role = "viewer", headers, its = env }: Asked = {}) {
  const request = new Request(`http://concord.test/ops/api/devices${path}`, {
    headers: { ...(await bearerAt(role)), ...headers },
  });
  const response = await send(request, its);
  const text = await response.text();
  // biome-ignore lint/suspicious/noExplicitAny: tests look at what they expect
  return { status: response.status, headers: response.headers, text, body: JSON.parse(text) as any };
}

export const keysOf = (body: { devices: { key: string }[] }) => body.devices.map(({ key }) => key);

export const D1 = [[1, "D-1"]] as const;
export const online = (value: StatusReport): Aspects => ({ status: { version: version(5), value } });

/** Must not be in any answer, whatever the operator's role. */
export const CANARY = "canary-7f3a";
