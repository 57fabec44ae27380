import { expect, describe as group, it } from "vitest";
import { StopError } from "../source.ts";
import { describe, hasApiError, refusalIn, within } from "./failures.ts";

const failure = (message: string, members: object = {}) => Object.assign(new Error(message), members);
const away = failure("Connection error", { code: "PLT_KFK_NETWORK", cause: failure("connect ECONNREFUSED") });
const attempts = (...errors: Error[]) => failure("metadata failed 3 times.", { code: "PLT_KFK_MULTIPLE", errors });

it("what happened is told by the innermost errors, each once", () => {
  const timeout = failure("Request timed out", { code: "PLT_KFK_TIMEOUT" });
  expect(describe(attempts(away, away, timeout))).toBe("connect ECONNREFUSED; Request timed out");
  expect(describe("no error at all")).toBe("no error at all");
});

it("an answer of a broker is found under several attempts", () => {
  const answer = failure("The coordinator is not aware of this member.", { apiId: "UNKNOWN_MEMBER_ID" });
  expect(hasApiError(attempts(away, attempts(answer)), "UNKNOWN_MEMBER_ID")).toBe(true);
  expect(hasApiError(attempts(away), "UNKNOWN_MEMBER_ID")).toBe(false);
});

group("it is of no use to try again", () => {
  it.each([
    ["wrong credentials", failure("SASL authentication failed.", { apiId: "SASL_AUTHENTICATION_FAILED" }), "password"],
    ["a group that may not be read", failure("Not authorized.", { apiId: "GROUP_AUTHORIZATION_FAILED" }), "READ"],
    [
      "an unknown certificate",
      failure("self-signed certificate", { code: "DEPTH_ZERO_SELF_SIGNED_CERT" }),
      "certificate",
    ],
    ["a listener that wants TLS", failure("Broker requires TLS."), "TLS"],
    ["brokers without KIP-848", failure("Unsupported API.", { code: "PLT_KFK_UNSUPPORTED_API" }), "classic"],
    ["a codec that Node lacks", failure("no zstd", { code: "PLT_KFK_UNSUPPORTED_COMPRESSION" }), "zstd"],
  ])("after %s", (_, error, advice) => {
    const refusal = refusalIn(attempts(error));
    expect(refusal).toBeInstanceOf(StopError);
    expect(refusal?.message).toContain(advice);
  });
});

it("a broker that is away, or goes away while credentials are exchanged, has refused nothing", () => {
  expect(refusalIn(attempts(away))).toBeUndefined();
  const cut = failure("Cannot find a suitable SASL mechanism.", { code: "PLT_KFK_AUTHENTICATION", cause: away });
  expect(refusalIn(attempts(cut))).toBeUndefined();
});

it("what takes too long is an error that says what it was", async () => {
  await expect(within(5, "a commit", new Promise(() => undefined))).rejects.toThrow("a commit: no answer");
});
