import * as z from "zod";
import { CommandError } from "../command/command-error.ts";
import { type Wrangler, WranglerError } from "./wrangler.ts";

/**
 * The calls of Cloudflare's API that wrangler has no command for, or answers only as a table on the screen:
 * docs/decisions/0036-the-account-keeps-the-state-of-a-rollout.md lists them.
 */
export type CloudflareApi = {
  /** @returns null if there is none with this id */
  findDatabase(id: string): Promise<DatabaseInfo | null>;
  setReadReplication(id: string, mode: "auto" | "disabled"): Promise<void>;
  /** All queues of the account, from all pages. */
  listQueues(): Promise<readonly QueueInfo[]>;
  /** The account's own part of `*.workers.dev`. @returns null before it is chosen */
  findSubdomain(): Promise<string | null>;
};

const DatabaseInfo = z.object({
  uuid: z.string(),
  name: z.string(),
  num_tables: z.number().optional(),
  jurisdiction: z.string().nullish(),
  running_in_region: z.string().optional(),
  read_replication: z.object({ mode: z.string() }).nullish(),
});
export type DatabaseInfo = z.output<typeof DatabaseInfo>;

const QueueInfo = z.object({
  queue_name: z.string(),
  consumers: z
    .array(z.object({ type: z.string().optional(), script: z.string().optional(), service: z.string().optional() }))
    .default([]),
});
export type QueueInfo = z.output<typeof QueueInfo>;

const Subdomain = z.object({ subdomain: z.string() });

const Answer = z.object({
  success: z.boolean(),
  result: z.unknown(),
  errors: z.array(z.object({ code: z.number(), message: z.string() })).default([]),
  result_info: z.object({ page: z.number(), total_pages: z.number() }).partial().nullish(),
});
type Answer = z.output<typeof Answer>;

/** Cloudflare's API refused or could not be reached. The message never has the token. */
export class CloudflareApiError extends CommandError {
  override readonly name = "CloudflareApiError";
}

const TIMEOUT_MS = 30_000;
/** More than any account has: a server that never says which page is the last one does not keep us forever. */
const MAX_PAGES = 1_000;

export type ApiOptions = {
  readonly account: string;
  /** Of the Authorization header, or of the two headers of an API key. */
  readonly credentials: Readonly<Record<string, string>>;
  /** As wrangler has it. */
  readonly baseUrl?: string;
  readonly fetch?: typeof globalThis.fetch;
};

export function createApi({ account, credentials, baseUrl, fetch = globalThis.fetch }: ApiOptions): CloudflareApi {
  const base = `${baseUrl ?? process.env.CLOUDFLARE_API_BASE_URL ?? "https://api.cloudflare.com/client/v4"}/accounts/${account}`;

  async function call(path: string, method = "GET", body?: unknown): Promise<Answer | null> {
    const what = `${method} ${path}`;
    const response = await fetch(`${base}${path}`, {
      method,
      headers: { "Content-Type": "application/json", ...credentials },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch((thrown: unknown) => {
      throw new CloudflareApiError(`${what}: Cloudflare's API cannot be reached (${reasonOf(thrown)}).`);
    });
    const read = Answer.safeParse(await response.json().catch(() => undefined));
    if (response.status === 404) return null;
    if (read.success && read.data.success) return read.data;
    const errors = (read.data?.errors ?? []).map(({ message, code }) => `${message} [code: ${code}]`);
    const hint = response.status === 403 ? " The token lacks a permission: docs/deploy.md lists them." : "";
    throw new CloudflareApiError(
      `${what} was answered ${response.status}: ${errors.join("; ") || "no reason"}.${hint}`,
    );
  }

  return {
    async findDatabase(id) {
      const answer = await call(`/d1/database/${id}`);
      return answer && DatabaseInfo.parse(answer.result);
    },
    async setReadReplication(id, mode) {
      const answer = await call(`/d1/database/${id}`, "PUT", { read_replication: { mode } });
      if (!answer) throw new CloudflareApiError(`There is no database ${id}, so its read replication is as it was.`);
    },
    async listQueues() {
      const queues: QueueInfo[] = [];
      for (let page = 1; page <= MAX_PAGES; page++) {
        const answer = await call(`/queues?page=${page}`);
        const found = z.array(QueueInfo).parse(answer?.result ?? []);
        queues.push(...found);
        if (found.length === 0 || page >= (answer?.result_info?.total_pages ?? page)) break;
      }
      return queues;
    },
    async findSubdomain() {
      const answer = await call("/workers/subdomain");
      return answer && Subdomain.parse(answer.result).subdomain;
    },
  };
}

const reasonOf = (thrown: unknown): string =>
  thrown instanceof Error ? String(thrown.cause instanceof Error ? thrown.cause.message : thrown.message) : "unknown";

const Token = z.union([
  z.object({ type: z.enum(["oauth", "api_token"]), token: z.string() }),
  z.object({ type: z.literal("api_key"), key: z.string(), email: z.string() }),
]);

/** What signs our own calls: the same login or token that wrangler uses. @throws WranglerError if there is none */
export async function credentialsOf(wrangler: Wrangler): Promise<Readonly<Record<string, string>>> {
  const args = ["auth", "token", "--json"];
  const ran = await wrangler(args);
  if (!ran.isDone) throw new WranglerError(args, ran);
  const token = Token.parse(JSON.parse(ran.stdout));
  if (token.type === "api_key") return { "X-Auth-Key": token.key, "X-Auth-Email": token.email };
  return { Authorization: `Bearer ${token.token}` };
}
