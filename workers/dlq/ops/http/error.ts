import type { Issue } from "#domain/issue.ts";
import type { SignIn } from "#ops/api.ts";

/** Every error of the operations API. `message` says what happened, what was kept, and what to do. */
export type ErrorBody = {
  readonly error: {
    readonly code: ErrorCode;
    readonly message: string;
    /** Of `invalid_parameter`: every parameter that was refused. */
    readonly parameters?: readonly { readonly name: string; readonly message: string }[];
    /** Of `not_valid`: why the contract refuses the edited payload. */
    readonly issues?: readonly Issue[];
    /** Of `not_replayable`: `"force": true` would send the letter all the same. */
    readonly canForce?: true;
    /** Of `internal`: the line of the log that says what happened. */
    readonly id?: string;
    /** Of `unauthenticated` and `forbidden`: how a person can sign in, if not by a token alone. */
    readonly signIn?: SignIn;
  };
};

export type ErrorCode = keyof typeof STATUS;

const STATUS = {
  invalid_parameter: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  already_replaying: 409,
  not_replayable: 409,
  conflict: 409,
  plan_changed: 409,
  too_many: 413,
  too_large: 413,
  too_many_requests: 429,
  not_valid: 422,
  internal: 500,
  misconfigured: 503,
  unavailable: 503,
  queue_unavailable: 503,
} as const;

export function errorResponse(
  code: ErrorCode,
  message: string,
  more: Omit<ErrorBody["error"], "code" | "message"> | undefined = {},
  headers: Readonly<Record<string, string>> = {},
) {
  const body: ErrorBody = { error: { code, message, ...more } };
  const challenge = code === "unauthenticated" && { "WWW-Authenticate": 'Bearer realm="concord"' };
  return Response.json(body, { status: STATUS[code], headers: { ...headers, ...(challenge || {}) } as HeadersInit });
}

/** @param worker the name of the Worker that answers */
export const misconfigured = (worker: string, problems: readonly string[]): Response =>
  errorResponse("misconfigured", `The ${worker} Worker serves nothing until this is fixed: ${problems.join("; ")}.`);
