import type { Scope } from "concord-sdk/auth";
import { DeviceRepository, devices, OwnedRepository, type ReadHandle, scopedTable } from "concord-sdk/repositories";

/* What must not compile, for whoever reads D1. Each line that does is an error of `tsc -b`. */

declare const db: ReadHandle;
const repository = new DeviceRepository(db);
const scope: Scope = { role: "dealer", dealerIds: ["D-1"] };

repository.findMany(scope, { select: ["key", "status"], where: { status: "ONLINE" }, limit: 10 });
// @ts-expect-error no read is without a scope
repository.findMany({ select: ["key"], limit: 10 });
// @ts-expect-error a dealer's scope names its ids
repository.findAll({ role: "dealer" }, ["elt:t-1"]);
// @ts-expect-error there is no such role
repository.findAll({ role: "admin" }, ["elt:t-1"]);
// @ts-expect-error there is no such column
repository.findMany(scope, { select: ["colour"], limit: 10 });
// @ts-expect-error a status is one of five
repository.findMany(scope, { select: ["key"], where: { status: "BURNING" }, limit: 10 });
// @ts-expect-error there is no such relation
repository.findMany(scope, { select: ["key"], include: { owners: { select: ["id"] } }, limit: 10 });
// @ts-expect-error a list says how many rows it wants at most
repository.findMany(scope, { select: ["key"] });

export async function statusOf(): Promise<string | undefined> {
  const row = await repository.findById(scope, "elt:t-1", { select: ["status"] });
  // @ts-expect-error a row has the columns that were selected, and no others
  void row?.serialNumber;
  return row?.status;
}

const DEVICES = scopedTable(devices, { key: ["key"], visibleTo: () => undefined });
/** Events build the table of devices, so no service writes it. */
export abstract class Written extends OwnedRepository<typeof devices> {
  // @ts-expect-error a table that events build is nobody's own
  readonly rows = DEVICES;
}
