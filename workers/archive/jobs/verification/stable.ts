import type { DeviceKey } from "#domain/event.ts";
import { forgottenCustomer, forgottenDevice } from "#domain/forgotten.ts";
import type { PartyKey } from "#domain/party.ts";
import type { LiveState } from "../../repositories/live-state.ts";
import { isSettled } from "./devices.ts";
import type { FoldLine } from "./stored-folds.ts";

/**
 * Whether nobody of these is being forgotten, or was since the run began. A forgetting that is noted later ends the run, and
 * removes the folds that are stored, at least 16 minutes after its note.
 */
export async function isStable(lines: readonly FoldLine[], live: LiveState, startedAtMs: number): Promise<boolean> {
  const ids = lines.flatMap(([kind, name]) =>
    kind === "device"
      ? [forgottenDevice(name as DeviceKey)]
      : name.startsWith(CUSTOMER)
        ? [forgottenCustomer(name.slice(CUSTOMER.length) as PartyKey)]
        : [],
  );
  const forgotten = await live.readForgotten(ids);
  return [...forgotten.values()].every((each) => isSettled(each, startedAtMs));
}

const CUSTOMER = "customer ";
