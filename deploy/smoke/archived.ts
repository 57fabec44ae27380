import { DEVICE_KEY, type SmokeEvent } from "./device.ts";
import { brief, type FrontDoor } from "./front-door.ts";
import { SmokeProblem } from "./problem.ts";

type Recently = { readonly eventIds: readonly string[]; readonly isWhole: boolean };

/**
 * Waits until these events are in the archive. A platform that archives more in five minutes than one answer reads cannot
 * say so of each; then it is enough that the answer comes, since a record is acknowledged only behind its archive.
 */
export async function seeArchived(door: FrontDoor, events: readonly SmokeEvent[]): Promise<void> {
  let last: Recently | undefined;
  const seen = await door.eventually(async () => {
    last = await door.ops<Recently>("GET", `/archive/recent?device=${DEVICE_KEY}`);
    const { eventIds, isWhole } = last;
    return !isWhole || events.every(({ eventId }) => eventIds.includes(eventId)) || undefined;
  });
  if (seen) return;
  throw new SmokeProblem(
    `The archive did not have ${events.map(({ eventId }) => eventId).join(", ")} of ${DEVICE_KEY} ${door.within}: ${brief(last)}. ` +
      "Their effects were seen, so the records are not lost. Look at the binding ARCHIVE of ingest and archive, at /readyz, and at `consume.not_archived` in the ingest Worker's log.",
  );
}
