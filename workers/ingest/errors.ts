import { describeRejection, type Rejection } from "#contracts/parse.ts";

/** The error body of the Confluent REST Proxy. Codes of five digits begin with their HTTP status. */
export type RestProxyError = { readonly error_code: number; readonly message: string };

/** A request that fails as a whole: none of it was accepted. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  readonly code: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.code = code;
    this.headers = headers;
  }

  get status(): number {
    return httpStatus(this.code);
  }

  toBody(): RestProxyError {
    return { error_code: this.code, message: this.message };
  }
}

/** The HTTP status that a code begins with. */
export const httpStatus = (code: number): number => (code < 1000 ? code : Math.floor(code / 100));

/** The REST Proxy's code for a rejection; the only such mapping. */
export function toRestProxyCode({ reason }: Rejection): number {
  switch (reason) {
    case "unknown_topic":
      return 40401;
    case "not_json":
      return 42203;
    case "too_large":
      return 413;
    case "schema_mismatch":
    case "too_deep":
    case "too_many_headers":
    case "clock_skew":
    case "empty_value":
      return 42206;
  }
}

/** The message for the client: what is wrong, and that the record is kept as a dead letter. */
export const rejectionMessage = (rejection: Rejection): string =>
  `${describeRejection(rejection)} The record is kept as a dead letter (${rejection.reason}).`;

/** A record that the queue did not take. Clients of the REST Proxy treat this code as retriable. */
export const NOT_TAKEN = {
  code: 50003,
  message: "The queue did not take this record. Nothing of it was kept: send it again.",
} as const;
