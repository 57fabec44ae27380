import { expect, it } from "vitest";
import { keepSeen } from "./consistency.ts";

/** A storage as browsers have it, which tabs share. */
const storageOf = (kept = new Map<string, string>()) => ({
  getItem: (name: string) => kept.get(name) ?? null,
  setItem: (name: string, value: string) => void kept.set(name, value),
  removeItem: (name: string) => void kept.delete(name),
});

it("keeps the newest token, whatever order answers come in", () => {
  const seen = keepSeen();
  expect(seen.latest()).toBeNull();
  for (const token of ["0002", "0001", null, undefined]) seen.note(token);
  expect(seen.latest()).toBe("0002");
});

it("shows each tab what another one has seen, and never something older than its own", () => {
  const storage = storageOf();
  const [one, other] = [keepSeen({ storage }), keepSeen({ storage })];
  one.note("0003");
  expect(other.latest()).toBe("0003");
  other.note("0002");
  expect([one.latest(), keepSeen({ storage }).latest()]).toEqual(["0003", "0003"]);
});

it("does not take back what another tab has stored since", () => {
  const storage = storageOf();
  const [one, other] = [keepSeen({ storage }), keepSeen({ storage })];
  one.note("0005");
  other.note("0004");
  expect(storage.getItem("concord.consistency-token")).toBe("0005");
});

it("has a token for each deployment", () => {
  const storage = storageOf();
  keepSeen({ storage, name: "staging" }).note("0001");
  expect(keepSeen({ storage, name: "production" }).latest()).toBeNull();
});

it("works without its storage when that throws", () => {
  const refuse = () => {
    throw new DOMException("denied", "SecurityError");
  };
  const seen = keepSeen({ storage: { getItem: refuse, setItem: refuse, removeItem: refuse } });
  seen.note("0001");
  expect(seen.latest()).toBe("0001");
  seen.forget();
  expect(seen.latest()).toBeNull();
});
