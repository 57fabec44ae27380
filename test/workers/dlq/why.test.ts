import { expect, it } from "vitest";
import { DeadLetterRepository } from "#letters/repositories/dead-letter.ts";
import { bearerAt, env, letter, opsOf } from "./support.ts";

const patch = [{ op: "remove", path: "/data" }];

it.each<[string, string, string, (reason: unknown) => object]>([
  ["an edit", "PATCH", "/dead-letters/a", (reason) => ({ patch, revision: 0, reason })],
  ["an unmasked edit", "PATCH", "/dead-letters/a", (unmask) => ({ patch, revision: 0, reason: "r", unmask })],
  ["an edit of a group", "POST", "/groups/g/edit", (reason) => ({ patch, reason })],
  ["a discard", "POST", "/discards", (reason) => ({ selection: { ids: ["a"] }, reason })],
  ["the end of a run", "POST", "/runs/none/cancel", (reason) => ({ reason })],
])("%s is refused for each reason that says nothing, with one message", async (_, method, path, bodyWith) => {
  const headers = await bearerAt("admin");
  for (const reason of ["", " \n", "x".repeat(501), 7]) {
    const { status, body } = await opsOf().ask(method, `/ops/api${path}`, { body: bodyWith(reason), headers });
    expect([status, body.error.code]).toEqual([400, "invalid_parameter"]);
    expect(body.error.message).toContain("must say why, in 1 to 500 characters");
  }
});

it("a letter is not unmasked for a reason that says nothing, and the answer names the parameter", async () => {
  await new DeadLetterRepository(env.DB).park([letter("a")]);
  for (const reason of ["", "%20", "x".repeat(501)]) {
    const { status, body } = await opsOf().get(`/ops/api/dead-letters/a?unmask=${reason}`, await bearerAt("admin"));
    expect([status, body.error.parameters]).toEqual([
      400,
      [{ name: "unmask", message: "must say why, in 1 to 500 characters" }],
    ]);
  }
});
