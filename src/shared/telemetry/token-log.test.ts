import { afterEach, expect, it, vi } from "vitest";
import { noteKeyUse } from "./token-log.ts";

afterEach(() => vi.restoreAllMocks());

it("an isolate says once in ten minutes that a key is in use, for each key", () => {
  const logged = vi.spyOn(console, "info").mockImplementation(() => {});
  for (let minute = 0; minute < 20; minute++) {
    for (const kid of ["test-a", "test-b"]) noteKeyUse({ kid }, minute * 60_000);
  }
  const lines = logged.mock.calls.map(([line]) => JSON.parse(String(line)));
  expect(lines.map(({ kid }) => kid)).toEqual(["test-a", "test-b", "test-a", "test-b"]);
  expect(lines[0]).toMatchObject({ level: "info", event: "token.key_in_use" });
});
