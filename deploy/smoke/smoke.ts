import { randomBytes } from "node:crypto";
import { seeArchived } from "./archived.ts";
import { DEVICE_KEY, findDevice, register, remove, type SmokeEvent, SmokeEvents, seeInGraphql } from "./device.ts";
import { FrontDoor } from "./front-door.ts";
import { becomeLetter, discardLetters, ignoreGroup, repairAndReplay } from "./letter.ts";
import { seeLive } from "./live.ts";
import { phraseOf, SmokeProblem } from "./problem.ts";
import { seeAllReady } from "./ready.ts";
import type { SmokeReport, SmokeStep, SmokeTest } from "./target.ts";

export type { SmokeReport, SmokeStep, SmokeTarget, SmokeTest } from "./target.ts";

/** Effects are visible within a second; this leaves room for a cold start, and for a retry of a record after one. */
const EFFECT_WITHIN_MS = 20_000;

/**
 * Goes through a deployed platform as its users do, with one device of its own: docs/decisions/0037. Safe at any time,
 * in production and beside another smoke test. The first step that fails ends it; then it cleans up.
 */
export const smokeTest: SmokeTest = (target, onStep) => smokeTestWithin(EFFECT_WITHIN_MS, target, onStep);

/** The same for a platform that may take `effectWithinMs` from a record's acceptance to each of its effects. */
export async function smokeTestWithin(
  effectWithinMs: number,
  ...[target, onStep = () => {}]: Parameters<SmokeTest>
): Promise<SmokeReport> {
  const steps = new Steps(onStep);
  const left: Left = {};
  try {
    const door = await steps.run("sign in", () => FrontDoor.open(target, effectWithinMs));
    left.door = door;
    await walk(door, steps, left);
  } catch (thrown) {
    if (!(thrown instanceof Stopped)) throw thrown;
    await steps.run("clean up", () => cleanUp(left)).catch(() => undefined);
  }
  return { ok: steps.ended.every(({ ok }) => ok), steps: steps.ended };
}

/** What a test has left so far, and would leave if it ended here. */
type Left = { door?: FrontDoor; events?: SmokeEvents; letterOf?: SmokeEvent };

async function walk(door: FrontDoor, steps: Steps, left: Left): Promise<void> {
  const { isArchived } = await steps.run("all Workers are ready", () => seeAllReady(door));
  const events = await steps.run("what an earlier test left is cleaned up", async () => {
    await discardLetters(door, "left");
    const device = await findDevice(door);
    return new SmokeEvents(randomBytes(6).toString("hex"), device ? Date.parse(device.updatedAt) : 0);
  });
  left.events = events;
  const first = events.next();
  await steps.run("an event is accepted", () => register(door, first));
  await steps.run("GraphQL shows it", () => seeInGraphql(door, first, "a registration"));
  const second = events.next();
  await steps.run("a subscriber gets the next one", () => seeLive(door, second.eventId, () => register(door, second)));
  const bad = events.next();
  left.letterOf = bad;
  const letter = await steps.run("a bad record becomes a dead letter", async () =>
    becomeLetter(door, bad, await ignoreGroup(door)),
  );
  await steps.run("the letter is repaired, replayed and applied", async () => {
    await repairAndReplay(door, letter);
    await seeInGraphql(door, bad, "the repaired registration");
  });
  const last = { ...events.next(), serialNumber: null };
  await steps.run("the device is removed", async () => {
    await remove(door, last);
    await seeInGraphql(door, last, "the removal");
  });
  if (isArchived) await steps.run("the archive has its records", () => seeArchived(door, [first, second, bad, last]));
}

/** Removes the device and discards the letter, without waiting for what comes of it. */
async function cleanUp({ door, events, letterOf }: Left): Promise<void> {
  if (!door || !events) return;
  const removed = await Promise.allSettled([
    remove(door, { ...events.next(), serialNumber: null }),
    letterOf && discardLetters(door, letterOf),
  ]);
  const problems = removed.flatMap((each) => (each.status === "rejected" ? [describe(each.reason)] : []));
  if (problems.length === 0) return;
  throw new SmokeProblem(
    `${problems.join(" ")} Left behind: ${DEVICE_KEY} may be registered, and its letter${letterOf ? ` of the event ${letterOf.eventId}` : ""} may be open in a group that is ignored. The next smoke test cleans that up.`,
  );
}

/** Ends the walk. What stopped it is in the report. */
class Stopped extends Error {}

class Steps {
  readonly ended: SmokeStep[] = [];
  readonly #onStep: (step: SmokeStep) => void;

  constructor(onStep: (step: SmokeStep) => void) {
    this.#onStep = onStep;
  }

  /** @throws Stopped if the step failed */
  async run<T>(name: string, act: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    const end = (problem?: string) => {
      const step: SmokeStep = {
        name,
        ok: problem === undefined,
        ms: Math.round(performance.now() - startedAt),
        ...(problem !== undefined && { problem }),
      };
      this.ended.push(step);
      this.#onStep(step);
    };
    try {
      const result = await act();
      end();
      return result;
    } catch (thrown) {
      end(describe(thrown));
      throw new Stopped();
    }
  }
}

const describe = (thrown: unknown): string =>
  thrown instanceof SmokeProblem ? thrown.message : `The smoke test itself failed: ${phraseOf(thrown)}.`;
