import * as z from "zod";
import { parseJson } from "#json/parse-json.ts";
import { describeFailure, retryAfterMs } from "#produce/http.ts";
import { StopError } from "../source.ts";
import type { RegistrySettings } from "../source-settings.ts";

export type Answer<T> =
  | { readonly kind: "found"; readonly found: T }
  /** The registry has no such schema. */
  | { readonly kind: "missing"; readonly message: string }
  /** Nothing is known. The same question may be answered later. */
  | { readonly kind: "retry"; readonly reason: string; readonly retryAfterMs: number | undefined };

/** Asks a schema registry, once. @throws StopError if it refuses the credentials */
export type Ask = <T>(path: string, shape: z.ZodType<T>, signal: AbortSignal) => Promise<Answer<T>>;

const TIMEOUT_MS = 10_000;
/** Of a registry's error: the status and two digits. A 404 without one is not a registry's. */
const NOT_FOUND = z.object({ error_code: z.int().min(40400).max(40499), message: z.string().default("") });

/** Confluent's API for schema registries, which Karapace, Redpanda and Apicurio have too. */
export function registry({ url, username, password, token }: RegistrySettings): Ask {
  const base = url.href.replace(/\/*$/, "");
  const basic = () => `Basic ${Buffer.from(`${username}:${password ?? ""}`).toString("base64")}`;
  const authorization = token === undefined ? username !== undefined && basic() : `Bearer ${token}`;
  const headers = {
    Accept: "application/vnd.schemaregistry.v1+json, application/json",
    ...(authorization && { Authorization: authorization }),
  };
  return async (path, shape, signal) => {
    try {
      const within = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
      const response = await fetch(base + path, { headers, signal: within });
      return read(response, await response.text(), shape);
    } catch (error) {
      if (error instanceof StopError) throw error;
      return retry(`${base}: ${describeFailure(error)}`);
    }
  };
}

export const schemaPath = (id: number): string => `/schemas/ids/${id}`;

/** A version that was deleted since is still what the schemas that name it were made of. */
export const versionPath = (subject: string, version: number): string =>
  `/subjects/${encodeURIComponent(subject)}/versions/${version}?deleted=true`;

function read<T>(response: Response, text: string, shape: z.ZodType<T>): Answer<T> {
  const { status } = response;
  const body = parseJson(text);
  if (status === 401 || status === 403)
    throw new StopError(
      `The schema registry refused the credentials (${status} for ${response.url}). Nothing that needs a schema was sent, and nothing of it is committed. Give the bridge credentials that may read schemas.`,
    );
  const missing = NOT_FOUND.safeParse(body);
  if (status === 404 && missing.success) return { kind: "missing", message: missing.data.message };
  const found = shape.safeParse(body);
  if (status === 200 && found.success) return { kind: "found", found: found.data };
  return retry(
    `${status} from ${response.url}, and not what a schema registry answers`,
    retryAfterMs(response.headers),
  );
}

const retry = <T>(reason: string, retryAfterMs?: number): Answer<T> => ({ kind: "retry", reason, retryAfterMs });
