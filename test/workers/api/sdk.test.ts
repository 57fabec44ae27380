import { beforeAll, describe, expect, it } from "vitest";
import { parseRecord } from "../../../packages/sdk/src/contracts.ts";
import { EMPTY_FLEET, merge } from "../../../packages/sdk/src/domain.ts";
import {
  DeviceRepository,
  describeBadPage,
  deviceCursorSchema,
  type PageArgs,
  parsePage,
} from "../../../packages/sdk/src/repositories.ts";
import { env, registered, seedDevices } from "./support.ts";

describe("a service that imports the SDK", () => {
  beforeAll(() =>
    seedDevices(
      { key: "elt:sdk-1", aspects: registered("S-1"), dealers: [[1, "D-sdk"]] },
      { key: "elt:sdk-2", aspects: registered("S-2"), dealers: [[1, "D-other"]] },
    ),
  );

  it("reads devices as the GraphQL API does, under a scope", async () => {
    const devices = new DeviceRepository(env.DB);
    const found = await devices.findAll({ role: "dealer", dealerIds: ["D-sdk"] }, ["elt:sdk-1", "elt:sdk-2"]);
    expect(found.map(({ key, serialNumber }) => [key, serialNumber])).toEqual([["elt:sdk-1", "S-1"]]);
  });

  it("pages through them with the cursors of the answers", async () => {
    const devices = new DeviceRepository(env.DB);
    const listing = { filter: { serialPrefix: "S-" } };
    const listFrom = async (args: PageArgs) => {
      const parsed = parsePage(args, deviceCursorSchema(listing));
      if (!parsed.ok) throw new Error(describeBadPage(parsed.problem));
      return devices.list({ role: "ops" }, parsed.page, listing);
    };
    const first = await listFrom({ first: 1 });
    const second = await listFrom({ first: 1, after: first.pageInfo.endCursor });
    expect([...first.edges, ...second.edges].map(({ node }) => node.serialNumber)).toEqual(["S-1", "S-2"]);
  });

  it("parses events by their contracts, and merges them", () => {
    const value = JSON.stringify({
      eventId: "e-1",
      occurredAt: "2026-11-23T12:00:00Z",
      deviceId: "sdk-3",
      data: { online: true },
    });
    const parsed = parseRecord({ topic: "device.elt.status.reported", value }, Date.UTC(2026, 10, 23, 13));
    if (!parsed.ok) throw new Error("the contract refused its own event");
    expect(merge(EMPTY_FLEET, [parsed.event]).outcomes).toEqual(["applied"]);
  });
});
