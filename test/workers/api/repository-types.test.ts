import { describe, expect, expectTypeOf, it } from "vitest";
import {
  AlertRepository,
  type alerts,
  DeviceRepository,
  devices,
  many,
  OwnedRepository,
  one,
  type PageRequest,
  Repository,
  scopedTable,
} from "../../../packages/sdk/src/repositories.ts";
import { dealerScope, env, OPS } from "./support.ts";
import { OWN_DB, PARTS, PartRepository, VISITS, VisitRepository, type visits } from "./visits.ts";

const PAGE: PageRequest = { size: 1, from: "start", after: null, before: null };
const repository = new DeviceRepository(env.DB);
const own = new VisitRepository(OWN_DB);

/** Checked by `tsc`, and never run: each line is a call that a service could write by mistake. */
const mistakes = [
  // @ts-expect-error there is no scope
  () => own.findById("v1", { select: ["id"] }),
  // @ts-expect-error there is no scope
  () => own.findMany({ select: ["id"], limit: 1 }),
  // @ts-expect-error there is no scope
  () => own.findPage(PAGE, { select: ["id"], orderBy: "START" }),
  // @ts-expect-error there is no scope
  () => own.count(),
  // @ts-expect-error there is no scope
  () => own.groupBy({ by: ["state"], limit: 1 }),
  // @ts-expect-error there is no scope
  () => own.upsert([]),
  // @ts-expect-error a scope has a role that there is
  () => own.count({ role: "admin" }),
  // @ts-expect-error an unknown column is selected
  () => own.findMany(OPS, { select: ["nope"], limit: 1 }),
  // @ts-expect-error no columns are selected
  () => own.findMany(OPS, { limit: 1 }),
  // @ts-expect-error a list has no limit
  () => own.findMany(OPS, { select: ["id"] }),
  // @ts-expect-error an unknown column in a condition
  () => own.findMany(OPS, { select: ["id"], where: { nope: 1 }, limit: 1 }),
  // @ts-expect-error a condition of another type than the column
  () => own.count(OPS, { where: { startsAtMs: "soon" } }),
  // @ts-expect-error a value that the column cannot have
  () => own.count(OPS, { where: { state: { in: ["planned", "lost"] } } }),
  // @ts-expect-error a number begins with nothing
  () => own.count(OPS, { where: { startsAtMs: { startsWith: "1" } } }),
  // @ts-expect-error a condition on JSON
  () => own.count(OPS, { where: { notes: "ladder" } }),
  // @ts-expect-error an order by an unknown column
  () => own.findMany(OPS, { select: ["id"], orderBy: ["nope"], limit: 1 }),
  // @ts-expect-error an order by JSON
  () => own.findMany(OPS, { select: ["id"], orderBy: [["notes", "desc"]], limit: 1 }),
  // @ts-expect-error a page in an order that has no index
  () => own.findPage(OPS, PAGE, { select: ["id"], orderBy: "STATE" }),
  // @ts-expect-error groups by an unknown column
  () => own.groupBy(OPS, { by: ["nope"], limit: 1 }),
  // @ts-expect-error an unknown relation
  () => own.findMany(OPS, { select: ["id"], include: { nope: { select: ["id"], limit: 1 } }, limit: 1 }),
  () =>
    own.findMany(OPS, {
      select: ["id"],
      // @ts-expect-error an unknown relation beside one that there is
      include: { parts: { select: ["name"], limit: 1 }, nope: { select: ["id"], limit: 1 } },
      limit: 1,
    }),
  // @ts-expect-error an unknown column of a relation
  () => own.findById(OPS, "v1", { select: ["id"], include: { parts: { select: ["dealerId"], limit: 1 } } }),
  // @ts-expect-error a relation to many has no limit
  () => own.findById(OPS, "v1", { select: ["id"], include: { parts: { select: ["name"] } } }),
  // @ts-expect-error an id of another type
  () => own.findById(OPS, 1, { select: ["id"] }),
  // @ts-expect-error half of a key of two columns
  () => new PartRepository(OWN_DB).findById(OPS, { visitId: "v1" }, { select: ["name"] }),
  // @ts-expect-error a device's key begins with its source
  () => repository.findById(OPS, "thermostat-1", { select: ["status"] }),
  // @ts-expect-error a row without a column that has no default
  () => own.upsert(OPS, [{ id: "v1", dealerId: "D-1" }]),
  // @ts-expect-error a column that the table does not have
  () => own.upsert(OPS, [{ id: "v", dealerId: "D", deviceKey: "elt:1", startsAtMs: 1, state: "done", nope: 1 }]),
  // @ts-expect-error events build this table
  () => repository.upsert(OPS, []),
  // @ts-expect-error events build this table
  () => new AlertRepository(env.DB).upsert(OPS, []),
  // @ts-expect-error events build this table
  () => repository.remove(OPS, ["elt:1"]),
  // @ts-expect-error there is no scope
  () => own.remove(["v1"]),
  // @ts-expect-error an order of columns that are no key, in the declaration
  () => scopedTable(devices, { key: ["nope"], visibleTo: () => undefined }),
  // @ts-expect-error no rule for who sees what
  () => scopedTable(devices, { key: ["key"] }),
  // @ts-expect-error a relation to a column that the other table does not have
  () => many(PARTS, { id: "nope" }),
];

const DEVICES_OF_A_SERVICE = scopedTable(devices, { key: ["key"], visibleTo: () => undefined });

/** Owned, though events build it. */
class _OwnedDevices extends OwnedRepository<typeof devices> {
  // @ts-expect-error only the consumer of events writes this table
  readonly rows = DEVICES_OF_A_SERVICE;
  readonly orders = {};
  readonly relations = {};
}

class _WithoutColumn extends Repository<typeof visits> {
  readonly rows = VISITS;
  readonly orders = {};
  // @ts-expect-error the table of this repository has no such column
  readonly relations = { parts: one(PARTS, { nope: "visitId" }) };
}

it("a repository of a table that events build writes nothing, though it was made to compile", async () => {
  const owned = new _OwnedDevices(env.DB) as unknown as VisitRepository;
  await expect(owned.upsert(OPS, [])).rejects.toThrow(/^events build the table devices.*Nothing was written/);
  await expect(owned.remove(OPS, ["elt:1"])).rejects.toThrow(TypeError);
});

describe("a repository's types", () => {
  it("hold every one of these calls out", () => {
    expectTypeOf(mistakes).toBeArray();
  });

  it("give rows exactly the columns and relations that were asked for", () => {
    const read = () =>
      repository.findById(dealerScope("D-1"), "elt:1", {
        select: ["key", "status"],
        include: { alerts: { select: ["state"], limit: 5 } },
      });
    type Row = NonNullable<Awaited<ReturnType<typeof read>>>;
    type Alert = typeof alerts.$inferSelect;
    type Device = typeof devices.$inferSelect;
    expectTypeOf<Row["alerts"]>().toEqualTypeOf<readonly Pick<Alert, "state">[]>();
    expectTypeOf<Row["key"]>().toEqualTypeOf<Device["key"]>();
    expectTypeOf<keyof Row>().toEqualTypeOf<"key" | "status" | "alerts">();
    const readOne = () =>
      new AlertRepository(env.DB).findMany(OPS, {
        select: ["alertId"],
        include: { device: { select: ["dealerId"] } },
        limit: 1,
      });
    type Found = Awaited<ReturnType<typeof readOne>>[number];
    expectTypeOf<Found["device"]>().toEqualTypeOf<Pick<Device, "dealerId"> | null>();
    const counted = () => own.groupBy(OPS, { by: ["state"], limit: 1 });
    expectTypeOf<Awaited<ReturnType<typeof counted>>[number]["state"]>().toEqualTypeOf<"planned" | "done">();
  });

  it("take any repository of a table where its rows are enough", () => {
    const countAll = (any: Repository<typeof visits>) => any.count(OPS);
    expectTypeOf(countAll).toBeCallableWith(own);
  });
});
