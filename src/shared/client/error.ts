/** `extensions.code` of an error. Codes may be added, so treat one that you do not know like INTERNAL_SERVER_ERROR. */
export type ErrorCode =
  | "BAD_CONSISTENCY_TOKEN"
  | "BAD_USER_INPUT"
  | "COST_LIMIT"
  | "FORBIDDEN"
  | "INTERNAL_SERVER_ERROR"
  | "PERSISTED_DOCUMENT_NOT_FOUND"
  | "PERSISTED_QUERY_NOT_FOUND"
  | "PERSISTED_QUERY_NOT_SUPPORTED"
  | "TOO_MANY_REQUESTS"
  | "TRUSTED_DOCUMENTS_ONLY"
  | "UNAUTHENTICATED"
  | "UPSTREAM_UNAVAILABLE"
  | (string & {});

/** An error of an answer, as JSON has it. */
export type WireError = {
  readonly message: string;
  readonly path?: readonly (string | number)[] | undefined;
  readonly extensions?: { readonly [name: string]: unknown } | undefined;
};

/** An answer, as JSON has it. */
export type WireAnswer<Data> = {
  readonly data?: Data | null;
  readonly errors?: readonly WireError[];
  readonly extensions?: { readonly [name: string]: unknown };
};

/** An error that the API answered with, or that stands for an answer that was not the API's. */
export class ConcordError extends Error {
  override name = "ConcordError";
  /** Decide by this; messages are for people and may change. */
  readonly code: ErrorCode;
  /** The field that is null because of it; empty when the whole request failed. */
  readonly path: readonly (string | number)[];
  /** When to ask again, in milliseconds from now; null where the API does not say. */
  readonly retryAfterMs: number | null;

  constructor({ message, path = [], extensions = {} }: WireError) {
    super(message);
    const { code, retryAfterMs } = extensions;
    this.code = typeof code === "string" ? code : "INTERNAL_SERVER_ERROR";
    this.path = path;
    this.retryAfterMs = typeof retryAfterMs === "number" ? retryAfterMs : null;
  }
}

/** Most times that a query is sent while the API's stores are out of reach. */
const MAX_ATTEMPTS = 4;

/**
 * How long to wait before a query is sent again, in milliseconds; `null` if no repetition helps. Only an outage of the
 * API's stores helps itself. After a mutation, look first whether it was done.
 */
const outagePauseMs = (errors: readonly Pick<ConcordError, "code" | "retryAfterMs">[]): number | null =>
  errors.find(({ code }) => code === "UPSTREAM_UNAVAILABLE")?.retryAfterMs ?? null;

/** Whether an answer has errors and no field of its data. An answer with some fields is of use as it is. */
export const cameToNothing = ({ data, errors = [] }: WireAnswer<unknown>): boolean =>
  !data || (errors.length > 0 && Object.values(data).every((value) => value === null));

/** The pause after which a query with this answer is sent again, in milliseconds; `null` if it is not to be. */
export const repetitionPauseMs = (answer: WireAnswer<unknown>, attempt: number): number | null =>
  attempt < MAX_ATTEMPTS && cameToNothing(answer)
    ? outagePauseMs((answer.errors ?? []).map((error) => new ConcordError(error)))
    : null;

/** Reads an answer, which stands for itself where something between the client and the API answered in its place. */
export async function readAnswer<Data>(response: Response): Promise<WireAnswer<Data>> {
  const unreadable = { errors: [{ message: `The API answered ${response.status} and no JSON.` }] };
  return response.json().catch(() => unreadable) as Promise<WireAnswer<Data>>;
}

export const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
