import { SERVICE_TOKEN_VARIABLES } from "#auth/service-token.ts";
import { EXIT, type ExitCode, ExitError } from "../exit-error.ts";

type ErrorBody = {
  readonly message: string;
  readonly issues?: readonly { readonly path: string; readonly message: string }[];
};

export type Query = Readonly<Record<string, string | undefined>>;

/** A page of a list: its items under their name, and the cursor of the next page. */
export type Page<Name extends string, T> = { readonly [_ in Name]: readonly T[] } & {
  readonly nextCursor: string | null;
};

/** A plan reads up to 20,000 letters before it answers; no other request takes as long. */
const TIMEOUT_MS = 120_000;

/** Client of the operations API. Every failure is an `ExitError` that says what happened and what to do. */
export class OpsClient {
  readonly #url: URL;
  readonly #credentials: Readonly<Record<string, string>>;

  /** @param credentials the headers that say who calls */
  constructor(url: URL, credentials: Readonly<Record<string, string>>) {
    this.#url = url;
    this.#credentials = credentials;
  }

  get<T>(path: string, query: Query = {}): Promise<T> {
    return this.#json<T>("GET", withQuery(path, query));
  }

  post<T>(path: string, body?: unknown): Promise<T> {
    return this.#json<T>("POST", path, body);
  }

  patch<T>(path: string, body: unknown): Promise<T> {
    return this.#json<T>("PATCH", path, body);
  }

  delete<T>(path: string, body: unknown): Promise<T> {
    return this.#json<T>("DELETE", path, body);
  }

  /** The bytes of an answer as they arrive, without a time limit. A broken connection is an `ExitError` too. */
  async *stream(path: string, query: Query): AsyncGenerator<Uint8Array> {
    const response = await this.#fetch("GET", withQuery(path, query));
    if (!response.headers.get("Content-Type")?.includes("ndjson")) throw this.#notTheApi(response.status);
    try {
      for await (const chunk of response.body ?? []) yield chunk;
    } catch (error) {
      throw new ExitError(
        EXIT.fault,
        `the connection to ${this.#url.origin} broke (${causeOf(error)}). Nothing was changed there.`,
      );
    }
  }

  /** All pages of a list, one after the other. */
  async *pages<Name extends string, T>(path: string, query: Query): AsyncGenerator<Page<Name, T>> {
    let after: string | undefined;
    do {
      const page = await this.get<Page<Name, T>>(path, { first: "100", ...query, after });
      yield page;
      after = page.nextCursor ?? undefined;
    } while (after !== undefined);
  }

  async #json<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await this.#fetch(method, path, body, AbortSignal.timeout(TIMEOUT_MS));
    const text = await response.text().catch((error) => {
      throw this.#unreachable(method, error);
    });
    const json = parsed(text);
    if (json === undefined) throw this.#notTheApi(response.status);
    return json as T;
  }

  async #fetch(method: string, path: string, body?: unknown, signal: AbortSignal | null = null): Promise<Response> {
    const isLines = typeof body === "string";
    const init = {
      method,
      signal,
      // The operations API redirects nobody. Access does, to a page for people.
      redirect: "manual" as const,
      headers: {
        ...this.#credentials,
        ...(body !== undefined && { "Content-Type": isLines ? "application/x-ndjson" : "application/json" }),
      },
      ...(body !== undefined && { body: isLines ? body : JSON.stringify(body) }),
    };
    const response = await fetch(new URL(`/ops/api${path}`, this.#url), init).catch((error) => {
      throw this.#unreachable(method, error);
    });
    if (response.ok) return response;
    const error = errorIn(await response.text().catch(() => ""));
    if (!error && isFromAccess(response)) throw this.#stoppedByAccess();
    // A 404 of another server does not mean that there is no such letter.
    if (!error) throw this.#notTheApi(response.status);
    const issues = (error.issues ?? []).map(({ path: at, message }) => `\n  ${at || "value"}: ${message}`).join("");
    const hint = response.status === 404 ? hintFor(path) : "";
    throw new ExitError(codeOf(response.status), `${error.message}${hint}${issues}`);
  }

  /** A request that changes something certainly did nothing only if no connection was made. */
  #unreachable(method: string, error: unknown): ExitError {
    const cause = causeOf(error);
    const changedNothing =
      method === "GET" || /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|CERT/.test(cause);
    return new ExitError(
      EXIT.fault,
      changedNothing
        ? `${this.#url.origin} cannot be reached (${cause}). Nothing was changed. Is it running? Its address is set by --url or CONCORD_URL.`
        : `${this.#url.origin} did not answer (${cause}), so it is not known whether the change was made. Check with \`concord dlq audit\` before you try again.`,
    );
  }

  #stoppedByAccess(): ExitError {
    const advice =
      "CF-Access-Client-Id" in this.#credentials
        ? `It did not take the service token of ${SERVICE_TOKEN_VARIABLES}: it may have expired or been deleted, or no policy with the action Service Auth names it.`
        : `Set ${SERVICE_TOKEN_VARIABLES} to a service token that it lets through.`;
    return new ExitError(
      EXIT.forbidden,
      `Cloudflare Access is in front of ${this.#url.origin}/ops and let nothing through, so nothing was changed. ${advice}`,
    );
  }

  #notTheApi(status: number): ExitError {
    return new ExitError(
      EXIT.fault,
      `${this.#url.origin} answered ${status}, but not with the JSON of the operations API. Check that --url or CONCORD_URL is a Concord platform, and that no login page is in front of it.`,
    );
  }
}

/**
 * Whether Access has answered in place of the operations API: with a redirect to its team's page, or with a refusal that
 * is a page.
 */
function isFromAccess({ status, headers }: Response): boolean {
  const target = headers.get("Location") ?? "";
  const host = URL.canParse(target) ? new URL(target).hostname : "";
  if (host.endsWith(".cloudflareaccess.com") || target.includes("/cdn-cgi/access/")) return true;
  const isPage = headers.get("Content-Type")?.includes("html") ?? false;
  return isPage && (status === 401 || status === 403);
}

/** Names the command that lists the ids which a path takes. */
function hintFor(path: string): string {
  const lists = {
    ...{ "/groups/": "dlq groups", "/dead-letters/": "dlq list", "/runs/": "dlq runs" },
    "/archive/forgets/": "forget list",
  };
  const [, command] = Object.entries(lists).find(([start]) => path.startsWith(start)) ?? [];
  return command ? ` \`concord ${command}\` lists them.` : "";
}

function codeOf(status: number): ExitCode {
  switch (status) {
    case 400:
    case 413:
      return EXIT.usage;
    case 401:
    case 403:
      return EXIT.forbidden;
    case 404:
      return EXIT.nothing;
    case 409:
    case 422:
      return EXIT.conflict;
    default:
      return EXIT.fault;
  }
}

function errorIn(text: string): ErrorBody | undefined {
  const { error } = (parsed(text) ?? {}) as { error?: ErrorBody };
  return typeof error?.message === "string" ? error : undefined;
}

function causeOf(error: unknown): string {
  const { name, message, cause } = error as Error & { cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? (name === "TimeoutError" ? `no answer for ${TIMEOUT_MS / 1_000} s` : message);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function withQuery(path: string, query: Query): string {
  const given = Object.entries(query).filter((each): each is [string, string] => each[1] !== undefined);
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
}
