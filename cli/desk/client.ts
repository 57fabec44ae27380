import { EXIT, type ExitCode, ExitError } from "../exit-error.ts";

type ErrorBody = {
  readonly message: string;
  readonly issues?: readonly { readonly path: string; readonly message: string }[];
};

export type Query = Readonly<Record<string, string | undefined>>;

/** A page of a list: its items under their name, and where the next one begins. */
export type Page<Name extends string, T> = { readonly [_ in Name]: readonly T[] } & {
  readonly nextCursor: string | null;
};

/** A plan reads up to 20,000 letters before it answers; nothing else takes as long. */
const PATIENCE_MS = 120_000;

/** The operations API. All its errors leave here as an `ExitError` that says what happened and what to do. */
export class DeskClient {
  readonly #url: URL;
  readonly #token: string;

  constructor(url: URL, token: string) {
    this.#url = url;
    this.#token = token;
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

  /** Bytes as they arrive, for as long as it takes. What breaks off ends in an `ExitError` too. */
  async *stream(path: string, query: Query): AsyncGenerator<Uint8Array> {
    const response = await this.#fetch("GET", withQuery(path, query));
    if (!response.headers.get("Content-Type")?.includes("ndjson")) throw this.#stranger(response.status);
    try {
      for await (const chunk of response.body ?? []) yield chunk;
    } catch (error) {
      throw new ExitError(EXIT.fault, `${this.#url.origin} broke off (${causeOf(error)}). Nothing was changed there.`);
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
    const response = await this.#fetch(method, path, body, AbortSignal.timeout(PATIENCE_MS));
    const text = await response.text().catch((error) => {
      throw this.#unreachable(method, error);
    });
    const json = parsed(text);
    if (json === undefined) throw this.#stranger(response.status);
    return json as T;
  }

  async #fetch(method: string, path: string, body?: unknown, signal: AbortSignal | null = null): Promise<Response> {
    const isLines = typeof body === "string";
    const init = {
      method,
      signal,
      headers: {
        Authorization: `Bearer ${this.#token}`,
        ...(body !== undefined && { "Content-Type": isLines ? "application/x-ndjson" : "application/json" }),
      },
      ...(body !== undefined && { body: isLines ? body : JSON.stringify(body) }),
    };
    const response = await fetch(new URL(`/ops/api${path}`, this.#url), init).catch((error) => {
      throw this.#unreachable(method, error);
    });
    if (response.ok) return response;
    const error = errorIn(await response.text().catch(() => ""));
    // A 404 of somebody else's server is no word on whether there is such a letter.
    if (!error) throw this.#stranger(response.status);
    const issues = (error.issues ?? []).map(({ path: at, message }) => `\n  ${at || "value"}: ${message}`).join("");
    const hint = response.status === 404 ? hintFor(path) : "";
    throw new ExitError(codeOf(response.status), `${error.message}${hint}${issues}`);
  }

  /** Only a connection that was never made is sure to have done nothing. */
  #unreachable(method: string, error: unknown): ExitError {
    const cause = causeOf(error);
    const isUndone = method === "GET" || /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|CERT/.test(cause);
    return new ExitError(
      EXIT.fault,
      isUndone
        ? `${this.#url.origin} cannot be reached (${cause}), and nothing was done. Is it running? --url or CONCORD_URL says where it is.`
        : `${this.#url.origin} did not answer (${cause}), so whether it was done is not known. Look with \`concord dlq audit\` before you say it again.`,
    );
  }

  #stranger(status: number): ExitError {
    return new ExitError(
      EXIT.fault,
      `${this.#url.origin} answered ${status}, and not as a dead-letter desk does. Is --url or CONCORD_URL that of a Concord, and does nothing stand before it that wants a login?`,
    );
  }
}

/** The command that lists what a path names one of. */
function hintFor(path: string): string {
  const lists = { "/groups/": "groups", "/dead-letters/": "list", "/runs/": "runs" };
  const [, command] = Object.entries(lists).find(([start]) => path.startsWith(start)) ?? [];
  return command ? ` \`concord dlq ${command}\` lists them.` : "";
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
  return cause?.code ?? cause?.message ?? (name === "TimeoutError" ? `nothing for ${PATIENCE_MS / 1_000} s` : message);
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
