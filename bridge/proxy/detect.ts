import * as z from "zod";
import { parseJson } from "#json/parse-json.ts";
import { StopError } from "../source.ts";
import type { Dialect } from "../source-settings.ts";
import { below, CallError, type ProxyCalls, type Reply } from "./calls.ts";
import { DIALECTS } from "./dialects.ts";

/**
 * Finds out which proxy it is by what it says of itself.
 * @throws StopError if it cannot be told: a guess would commit the wrong offset; CallError if it cannot be reached
 */
export async function detectDialect(calls: ProxyCalls, base: URL, timeoutMs: number): Promise<Dialect> {
  const ask = (...path: string[]) => calls.call(below(base, ...path), { method: "GET", accept: "*/*", timeoutMs });
  const root = await ask();
  const server = String(root.headers.server ?? "");
  if (membersOf(root).bridge_version !== undefined) return "strimzi";
  if (/karapace/i.test(server)) return "karapace";
  if (/seastar|redpanda|pandaproxy/i.test(server)) return "redpanda";
  const health = await ask("_health").catch(unlessStopped);
  if (health && membersOf(health).karapace_version !== undefined) return "karapace";
  const api = await ask("v1").catch(unlessStopped);
  if (api?.status === 200 && /pandaproxy|redpanda/i.test(api.text)) return "redpanda";
  const clusters = await ask("v3", "clusters").catch(unlessStopped);
  if (clusters && membersOf(clusters).kind === "KafkaClusterList") return "confluent";
  if (root.status === 200 && /vnd\.kafka\b/.test(root.headers["content-type"] ?? "")) return "confluent";
  const names = Object.keys(DIALECTS).join(", ");
  throw new StopError(
    `${base.href} does not say which REST proxy it is (GET / answered ${root.status}). The proxies count offsets differently, so none is assumed. Check --proxy, or name it with --proxy-dialect: ${names}.`,
  );
}

const membersOf = ({ text }: Reply): Readonly<Record<string, unknown>> =>
  z.record(z.string(), z.unknown()).safeParse(parseJson(text)).data ?? {};

/** A path that a proxy does not answer says nothing; refused credentials do. */
function unlessStopped(error: unknown): undefined {
  if (!(error instanceof CallError)) throw error;
  return undefined;
}
