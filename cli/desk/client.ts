import { EXIT, ExitError } from "../exit-error.ts";

type ErrorBody = {
  readonly error?: { readonly message?: string; readonly issues?: readonly { path: string; message: string }[] };
};

/** The operations API. All its errors leave here as an `ExitError` that says what happened and what to do. */
export class DeskClient {
  readonly #url: URL;
  readonly #token: string;

  constructor(url: URL, token: string) {
    this.#url = url;
    this.#token = token;
  }

  get<T>(path: string, query: Readonly<Record<string, string | undefined>> = {}): Promise<T> {
    return this.#json<T>("GET", withQuery(path, query));
  }

  post<T>(path: string, body?: unknown): Promise<T> {
    return this.#json<T>("POST", path, body);
  }

  patch<T>(path: string, body: unknown): Promise<T> {
    return this.#json<T>("PATCH", path, body);
  }

  /** Lines as they arrive. */
  async stream(path: string, query: Readonly<Record<string, string | undefined>>): Promise<ReadableStream<Uint8Array>> {
    const response = await this.#fetch("GET", withQuery(path, query));
    return response.body ?? new Response("").body ?? new ReadableStream();
  }

  /** All of a list that comes in pages. */
  async *pages<T>(
    path: string,
    name: string,
    query: Readonly<Record<string, string | undefined>>,
  ): AsyncGenerator<T[]> {
    let after: string | undefined;
    do {
      const page = await this.get<Record<string, unknown>>(path, { first: "100", ...query, after });
      yield page[name] as T[];
      after = (page.nextCursor as string | null) ?? undefined;
    } while (after !== undefined);
  }

  async #json<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await this.#fetch(method, path, body);
    return (await response.json()) as T;
  }

  async #fetch(method: string, path: string, body?: unknown): Promise<Response> {
    const isLines = typeof body === "string";
    const init = {
      method,
      headers: {
        Authorization: `Bearer ${this.#token}`,
        ...(body !== undefined && { "Content-Type": isLines ? "application/x-ndjson" : "application/json" }),
      },
      ...(body !== undefined && { body: isLines ? body : JSON.stringify(body) }),
    };
    const response = await fetch(new URL(`/ops/api${path}`, this.#url), init).catch((error: Error) => {
      const why = (error.cause as { code?: string } | undefined)?.code ?? error.message;
      throw new ExitError(
        EXIT.fault,
        `${this.#url.origin} cannot be reached (${why}), and nothing was done. Is it running? --url or CONCORD_URL says where it is.`,
      );
    });
    if (response.ok) return response;
    throw await errorOf(response);
  }
}

async function errorOf(response: Response): Promise<ExitError> {
  const text = await response.text();
  const { error } = (parsed(text) ?? {}) as ErrorBody;
  const issues = (error?.issues ?? []).map(({ path, message }) => `\n  ${path || "value"}: ${message}`).join("");
  const message = `${error?.message ?? `the desk answered ${response.status}`}${issues}`;
  return new ExitError(codeOf(response.status), message);
}

function codeOf(status: number): (typeof EXIT)[keyof typeof EXIT] {
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

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function withQuery(path: string, query: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(query).filter((each): each is [string, string] => each[1] !== undefined);
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
}
