import { expect } from "vitest";
import type { KafkaRequest } from "../../support/rest-proxy.ts";

/** One row of a table of client behaviour: what a client sends and what it has to get. */
export type Case = {
  /** The row's id in its table; several cases may share a row. */
  readonly id: string;
  readonly says: string;
  readonly request: KafkaRequest;
  readonly status: number;
  readonly type?: string;
  /** The answer's JSON. */
  readonly body?: unknown;
  /** The answer's concatenated JSON, one entry a record of the stream. */
  readonly receipts?: readonly unknown[];
  readonly headers?: Readonly<Record<string, unknown>>;
};

/** A message for a person, which tests do not quote. */
const someText = expect.stringMatching(/\S/);
export const number = expect.any(Number);

export const errorBody = (error_code: number, message: unknown = someText) => ({ error_code, message });

export const times = <T>(count: number, of: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => of(i));
