import { describe, expect, it } from "vitest";
import { readReply } from "./answer.ts";

const json = (body: unknown) => JSON.stringify(body);
const answered = (data: unknown, errors: unknown[] = []) => ({ kind: "answered", data, errors });

describe("an answer", () => {
  it.each<[string, number, string, object]>([
    ["data", 200, json({ data: { a: 1 } }), answered({ a: 1 })],
    ["data that is null, without a reason", 200, json({ data: null }), answered(null)],
    [
      "errors with a path",
      200,
      json({ data: { a: null }, errors: [{ message: "no", path: ["a", 0] }] }),
      answered({ a: null }, [{ message: "no", path: ["a", 0] }]),
    ],
    [
      "errors without data, as a document that is not valid",
      400,
      json({ errors: [{ message: "no field b" }] }),
      answered(null, [{ message: "no field b", path: null }]),
    ],
    ["no GraphQL", 200, "<html>", { kind: "failed", message: "200, and not with GraphQL: <html>" }],
    [
      "JSON that is not GraphQL",
      200,
      json({ ok: true }),
      { kind: "failed", message: '200, and not with GraphQL: {"ok":true}' },
    ],
    ["a page that is not there", 404, "", { kind: "failed", message: "404, and not with GraphQL: no body" }],
    [
      "401",
      401,
      json({ errors: [{ message: "who?", errorType: "UnauthorizedException" }] }),
      { kind: "refused", status: 401, message: "who?" },
    ],
    [
      "a refusal in GraphQL",
      200,
      json({ errors: [{ message: "who?", extensions: { code: "UNAUTHENTICATED" } }] }),
      { kind: "refused", status: 200, message: "who?" },
    ],
    [
      "a field that is forbidden",
      200,
      json({ data: { a: null }, errors: [{ message: "no", errorType: "Unauthorized", path: ["a"] }] }),
      answered({ a: null }, [{ message: "no", path: ["a"] }]),
    ],
    ["429", 429, json({ errors: [{ message: "slow" }] }), { kind: "retry", message: "429: slow" }],
    ["500", 500, "oops", { kind: "retry", message: "500: oops" }],
    [
      "throttling",
      200,
      json({ data: null, errors: [{ message: "slow", errorType: "ThrottlingException" }] }),
      { kind: "retry", message: "slow", outcome: answered(null, [{ message: "slow", path: null }]) },
    ],
    [
      "a limit of cost, which no second request gets around",
      200,
      json({ data: null, errors: [{ message: "dear", extensions: { code: "COST_LIMIT" } }] }),
      answered(null, [{ message: "dear", path: null }]),
    ],
  ])("with %s is understood", (_, status, text, expected) => {
    expect(readReply(status, text)).toEqual(expected);
  });

  it("keeps numbers that JavaScript would round, as the text that they are", () => {
    const reply = readReply(200, '{"data":{"id":9007199254740993,"t":21.50,"big":1e400,"text":"9007199254740993"}}');
    expect(reply).toEqual(answered({ id: "9007199254740993", t: 21.5, big: "1e400", text: "9007199254740993" }));
  });
});
