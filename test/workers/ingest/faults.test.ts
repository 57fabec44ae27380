import { afterEach, expect, it, vi } from "vitest";
import { brokenLimiter, loggedErrors } from "../../support/logged-faults.ts";
import { Boundary } from "./harness.ts";

afterEach(() => vi.restoreAllMocks());

it("a fault of ours has the id of its line in the log, and no detail", async () => {
  const lines = loggedErrors();
  const response = await new Boundary().produce({
    authorization: "",
    vars: { FAILED_SIGN_INS: brokenLimiter as never },
  });
  const { error_code, message } = (await response.json()) as { error_code: number; message: string };
  expect([response.status, error_code, message]).toEqual([500, 500, expect.not.stringContaining("secret")]);
  const [, id] = /^Internal error ([0-9a-f-]{36})\. Some of the records may have been accepted/.exec(message) ?? [];
  expect(lines).toEqual([expect.objectContaining({ event: "ingest.failed", id, name: "TypeError" })]);
});
