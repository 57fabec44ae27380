import type { Scope } from "concord-sdk/auth";
import { DeviceRepository, type FoundDevice, type ReadHandle } from "concord-sdk/repositories";
import { type ConcordBindings, connectConcord } from "concord-sdk/services";

export function readDevices(db: ReadHandle, scope: Scope): Promise<FoundDevice[]> {
  return new DeviceRepository(db).findAll(scope, ["elt:t-1"]);
}

export async function findStatus(env: Pick<ConcordBindings, "DEVICES">, scope: Scope): Promise<string | undefined> {
  const [device] = await connectConcord(env, { scope }).devices.find(["elt:t-1"]);
  return device?.status;
}
