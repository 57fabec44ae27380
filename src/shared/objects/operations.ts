import type { Scope } from "#auth/scope.ts";
import type { TokenIdentity } from "#auth/verify.ts";

/** A query or mutation that arrived on a socket. Who sent it has authenticated with the socket. */
export type OperationCall = {
  readonly scope: Scope;
  readonly expiresAtMs: number;
  /** By whom and by where requests are counted. */
  readonly caller: string;
  readonly address: string;
  /** What the token may be revoked by; `null` for one that cannot. */
  readonly token: TokenIdentity | null;
  /** The `payload` of the client's message, as JSON: what it would have sent as the body of `POST /graphql`. */
  readonly payload: string;
};

/** The RPC interface of the API for operations that arrive on sockets, which end in objects of another Worker. */
export interface Operations {
  /**
   * Executes a query or mutation as `POST /graphql` does. Errors of the operation are in the result.
   * @returns one GraphQL result as JSON
   */
  execute(call: OperationCall): Promise<string>;
}
