import { beforeEach, expect, it, vi } from "vitest";
import { LOCAL_TOKEN_SECRET, signToken } from "#auth/token.ts";
import { DevicePage } from "../../../examples/dashboard/generated.ts";
import { dealerScope, emptyTables, env, post, registered, rememberDevice, version } from "./support.ts";

/** A D1 of which every call fails. */
const statement = {
  bind: () => statement,
  all: () => Promise.reject(new Error("D1_ERROR: Network connection lost.")),
};
const DB = { withSession: () => ({ prepare: () => statement, getBookmark: () => null }) } as unknown as D1Database;

beforeEach(async () => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  vi.spyOn(console, "error").mockImplementation(() => {});
  await emptyTables();
});

it("the dashboard's page of a device shows it to its dealer while D1 does not answer", async () => {
  await rememberDevice("elt:1", { ...registered("S-1"), dealer: { version: version(1), value: { dealerId: "D-1" } } });
  const token = await signToken(dealerScope("D-1"), LOCAL_TOKEN_SECRET, "1h");
  const request = { documentId: DevicePage.documentId, variables: { key: "elt:1" } };
  const response = await post(request, { Authorization: `Bearer ${token}` }, { ...env, DB });
  const { data, errors } = (await response.json()) as { data: object; errors: { extensions: { code: string } }[] };
  expect(data).toMatchObject({ device: { serialNumber: "S-1", dealer: null, twin: { desired: null } }, lists: null });
  expect(new Set(errors.map(({ extensions }) => extensions.code))).toEqual(new Set(["UPSTREAM_UNAVAILABLE"]));
});
