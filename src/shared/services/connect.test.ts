import { describe, expect, it } from "vitest";
import type { DevicesBinding } from "./bindings.ts";
import type { Call } from "./call.ts";
import { connectConcord } from "./connect.ts";

const token = (n: number): string => `0000000${n}-00000000-00000000-${"0".repeat(32)}`;
const scope = { role: "dealer", dealerIds: ["D-1"] } as const;
const KEY = "elt:t-1";

/** Devices that answer with these tokens, one after the other, and keep the calls that they got. */
function answering(...tokens: (string | null)[]) {
  const calls: { readonly call: Call; readonly args: readonly unknown[] }[] = [];
  const answer = async (call: Call, ...args: unknown[]) => {
    calls.push({ call, args });
    return { value: [], consistencyToken: tokens[calls.length - 1] ?? null };
  };
  // The methods of a stub look for the stub in `this`.
  const DEVICES = {
    find(this: unknown, ...all: [Call, ...unknown[]]) {
      if (this !== DEVICES) throw new TypeError("called off its binding");
      return answer(...all);
    },
    list: answer,
  } as unknown as DevicesBinding;
  return { DEVICES, calls };
}

const consistencies = ({ calls }: ReturnType<typeof answering>) => calls.map(({ call }) => call.consistency);

describe("a connection to the services", () => {
  it("gives every call the caller's scope, and its own arguments after that", async () => {
    const { DEVICES, calls } = answering();
    const { devices } = connectConcord({ DEVICES }, { scope });
    expect(await devices.find([KEY])).toEqual([]);
    await devices.list({ first: 3 }, { filter: { source: "elt" } });
    expect(calls).toEqual([
      { call: { scope, consistency: undefined }, args: [[KEY]] },
      { call: { scope, consistency: undefined }, args: [{ first: 3 }, { filter: { source: "elt" } }] },
    ]);
  });

  it("asks each time for what is at least as fresh as the newest answer so far", async () => {
    const services = answering(token(3), token(2), null, token(5));
    const concord = connectConcord(services, { scope, consistency: token(1) });
    for (let i = 0; i < 5; i++) await concord.devices.find([KEY]);
    expect(consistencies(services)).toEqual([token(1), token(3), token(3), token(3), token(5)]);
    expect(concord.consistencyToken).toBe(token(5));
  });

  it("reads the primary each time if it is to, and then too says how fresh its answers were", async () => {
    const services = answering(token(3), token(4));
    const concord = connectConcord(services, { scope, consistency: "strong" });
    expect(concord.consistencyToken).toBeNull();
    for (let i = 0; i < 2; i++) await concord.devices.find([KEY]);
    expect([consistencies(services), concord.consistencyToken]).toEqual([["strong", "strong"], token(4)]);
  });

  it("keeps the token it has when a call fails", async () => {
    const failing = { find: () => Promise.reject(new RangeError("bad")) } as unknown as DevicesBinding;
    const concord = connectConcord({ DEVICES: failing }, { scope, consistency: token(1) });
    await expect(concord.devices.find([KEY])).rejects.toThrow(RangeError);
    expect(concord.consistencyToken).toBe(token(1));
  });

  it("says what wrangler.toml lacks when a service is not bound", () => {
    const { devices } = connectConcord({ DEVICES: undefined as unknown as DevicesBinding }, { scope });
    expect(() => devices.find([KEY])).toThrow(
      'DEVICES is not bound: add [[services]] with binding = "DEVICES", service = "concord-api" and entrypoint = "DevicesService" to wrangler.toml.',
    );
  });
});
