import { describe, expect, it } from "vitest";
import { completed, isComplete, noteOf, noteText } from "./note.ts";

const annotated = (message: string) => ({ annotations: { "workers/message": message } });
const A = "00000000-1111-4222-8333-000000000001";
const B = "00000000-1111-4222-8333-000000000002";

describe("what is noted with a version", () => {
  it.each([
    ["the first of a Worker", undefined],
    ["one after another", { id: A, origin: A }],
    ["one after a version that a secret made", { id: A, origin: B }],
  ])("is read again: %s", (_, after) => {
    const note = { content: "0123456789abcdef", after };
    expect(noteOf(annotated(noteText(note)))).toEqual(note);
    expect(noteText(note).length).toBeLessThanOrEqual(120);
  });

  it.each(["", "fix the thing", "content of somebody else"])(
    "is not found in a message of somebody else: %j",
    (text) => {
      expect(noteOf(annotated(text))).toBeUndefined();
    },
  );

  it("of a deployment says whether the Worker's rollout ended", () => {
    expect(isComplete(annotated(completed("v1")))).toBe(true);
    expect(isComplete(annotated("v1: 50 %"))).toBe(false);
    expect(isComplete({})).toBe(false);
  });
});
