import { parse } from "graphql";
import { describe, expect, it } from "vitest";
import { LOCAL_TOKEN_SECRET, signToken } from "#auth/token.ts";
import { admitSubscription } from "#graphql/limits/limits.ts";
import { findTarget } from "#graphql/live.ts";
import { schema } from "#graphql/schema/index.ts";
import { positionOf } from "#objects/position.ts";
import { OPS, post } from "./support.ts";

const DEVICES = `subscription ($keys: [String!]!, $after: String) {
  devicesChanged(keys: $keys, after: $after) { kind deviceKey cursor device { id dealer { id } } }
}`;
const DEALERS = `subscription ($dealerIds: [String!]!, $after: String, $kinds: [DealerNewsKind!]) {
  dealersFeed(dealerIds: $dealerIds, after: $after, kinds: $kinds) { kind dealerId cursor }
}`;

const admit = (text: string, variableValues: Record<string, unknown>) =>
  admitSubscription({ schema, document: parse(text), variableValues });

async function targetOf(text: string, variables: Record<string, unknown>) {
  const admission = admit(text, variables);
  return admission.ok ? findTarget(admission.args) : { ok: false as const, errors: admission.result.errors ?? [] };
}

const keysOf = (count: number) => Array.from({ length: count }, (_, i) => `elt:many-${i}`);

describe("a subscription to several objects", () => {
  it("names devices and where to go on", async () => {
    const keys = keysOf(3);
    const after = positionOf(keys, ["4", null, "17"]);
    expect(await targetOf(DEVICES, { keys, after })).toEqual({
      ok: true,
      target: { kind: "devices", deviceKeys: keys, after },
    });
    expect(await targetOf(DEVICES, { keys })).toMatchObject({ target: { after: null } });
  });

  it("names dealers, and what of their feeds to leave out", async () => {
    const dealerIds = ["D-1", "D-2"];
    expect(await targetOf(DEALERS, { dealerIds, kinds: ["STARTED", "ALERT_RAISED"] })).toEqual({
      ok: true,
      target: { kind: "dealers", dealerIds, kinds: ["alertRaised"], minSeverity: null, after: null },
    });
  });

  it.each<[string, string, Record<string, unknown>, string]>([
    ["no device", DEVICES, { keys: [] }, "`keys` has 0 entries"],
    ["a device twice", DEVICES, { keys: ["elt:a", "elt:b", "elt:a"] }, '`keys` has "elt:a" twice'],
    ["a key that is none", DEVICES, { keys: ["elt:a", "thermostat"] }, '"thermostat", which is no key'],
    ["no dealer", DEALERS, { dealerIds: [] }, "`dealerIds` has 0 entries"],
    ["too many dealers", DEALERS, { dealerIds: keysOf(21) }, "`dealerIds` has 21 entries"],
    ["a dealer twice", DEALERS, { dealerIds: ["D-1", "D-1"] }, '`dealerIds` has "D-1" twice'],
    [
      "a revision in place of a cursor",
      DEVICES,
      { keys: keysOf(2), after: "7" },
      "The cursor is not of a subscription",
    ],
    [
      "a cursor of the same devices in another order",
      DEVICES,
      { keys: keysOf(2), after: positionOf(keysOf(2).reverse(), ["7", "8"]) },
      "The cursor is not of a subscription",
    ],
    [
      "a cursor of other dealers",
      DEALERS,
      { dealerIds: ["D-1", "D-2"], after: positionOf(["D-1", "D-3"], ["7", "8"]) },
      "The cursor is not of a subscription",
    ],
  ])("is refused with %s", async (_, text, variables, message) => {
    const { errors = [] } = (await targetOf(text, variables)) as { errors?: readonly Error[] };
    expect(errors).toMatchObject([
      { message: expect.stringContaining(message), extensions: { code: "BAD_USER_INPUT" } },
    ]);
  });

  it("is refused as server-sent events too, for a Last-Event-ID of another subscription", async () => {
    const token = await signToken(OPS, LOCAL_TOKEN_SECRET, "1h");
    const headers = {
      Authorization: `Bearer ${token}`,
      Accept: "text/event-stream",
      "Last-Event-ID": positionOf(keysOf(3), ["7", "8", "9"]),
    };
    const response = await post({ query: DEVICES, variables: { keys: keysOf(2) } }, headers);
    expect(await response.text()).toContain("The cursor is not of a subscription");
  });

  it("costs as much as a page of that many", () => {
    // Each device: the change, the device and its dealer.
    expect(admit(DEVICES, { keys: keysOf(100) })).toMatchObject({ ok: true, cost: 300 });
    expect(admit(DEALERS, { dealerIds: ["D-1", "D-2"] })).toMatchObject({ ok: true, cost: 2 });
  });

  it("is refused above the size of a page", () => {
    expect(admit(DEVICES, { keys: keysOf(101) })).toMatchObject({
      ok: false,
      result: { errors: [{ extensions: { code: "COST_LIMIT", limit: "pageSize", asked: 101, allowed: 100 } }] },
    });
  });

  it("is refused above the cost of an operation", () => {
    const dear = DEVICES.replace("dealer { id }", "alerts(first: 50) { edges { node { id } } }");
    expect(admit(dear, { keys: keysOf(100) })).toMatchObject({
      ok: false,
      result: { errors: [{ extensions: { code: "COST_LIMIT", limit: "cost" } }] },
    });
  });
});
