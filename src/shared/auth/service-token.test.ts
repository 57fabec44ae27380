import { expect, it } from "vitest";
import { readServiceToken } from "./service-token.ts";

const read = (id?: string, secret?: string) =>
  readServiceToken({ CONCORD_ACCESS_CLIENT_ID: id, CONCORD_ACCESS_CLIENT_SECRET: secret });

it("a service token is two headers, and none where Access is not in front", () => {
  expect(read(" c1.access ", "s3cret\n")).toEqual({
    ok: true,
    headers: { "CF-Access-Client-Id": "c1.access", "CF-Access-Client-Secret": "s3cret" },
  });
  expect(read()).toEqual({ ok: true, headers: {} });
  expect(read("", " ")).toEqual({ ok: true, headers: {} });
});

it.each([
  ["c1.access", undefined],
  [undefined, "s3cret"],
  ["c1.access", "s3 cret"],
  ["c1.access", "s3crét"],
])("half of one, or one with spaces, is refused without being printed: %j, %j", (id, secret) => {
  expect(read(id, secret)).toMatchObject({ ok: false, message: expect.not.stringMatching(/c1|cr[eé]t\b/) });
});
