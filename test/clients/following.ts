import { expect, vi } from "vitest";
import type { Data, Sink } from "./answer.ts";
import type { DocumentName } from "./documents.ts";
import type { Line } from "./line.ts";
import type { Stand } from "./stand.ts";

/** Begins a subscription in the way that the client's own documentation says. @returns what ends it */
export type Subscribe = (name: DocumentName, variables: Record<string, unknown>, sink: Sink) => () => void;

/** Longer than a busy machine takes. */
export const SOON = { timeout: 20_000, interval: 20 };

/** A subscription of a device, as it comes in. */
export type Following = {
  readonly deviceId: string;
  /** Its changes, each as the document asks for it. */
  readonly changes: { readonly kind: string; readonly revision: number; readonly device: Data }[];
  readonly faults: unknown[];
  readonly stop: () => void;
};

/** Follows one device. */
export function follow(subscribe: Subscribe, { key, deviceId }: { key: string; deviceId: string }): Following {
  const changes: Following["changes"] = [];
  const faults: unknown[] = [];
  const stop = subscribe(
    "MatrixDeviceSubscription",
    { key },
    { next: (data) => void changes.push(data.deviceChanged), failed: (fault) => void faults.push(fault) },
  );
  return { deviceId, changes, faults, stop };
}

/** Waits until a device has told of its present state. */
export const begun = ({ changes, faults }: Following): Promise<void> =>
  vi.waitFor(() => expect([changes.at(0)?.kind, faults]).toEqual(["SNAPSHOT", []]), SOON);

/** How often a subscription has told of a temperature. */
export const timesTold = ({ changes }: Following, temperature: number): number =>
  changes.filter(({ kind, device }) => kind === "EVENT" && device?.report?.indoorTemperatureC === temperature).length;

/** One subscription begins with the present state, and tells of a change once. */
export async function follows(stand: Stand, subscribe: Subscribe): Promise<void> {
  const following = follow(subscribe, stand.device());
  await begun(following);
  const temperature = await stand.report(following.deviceId);
  await vi.waitFor(() => expect([timesTold(following, temperature), following.faults]).toEqual([1, []]), SOON);
  following.stop();
}

/** A subscription whose connection is cut reconnects by itself, knows what it has missed, and never goes back. */
export async function goesOn(stand: Stand, line: Line, subscribe: Subscribe): Promise<void> {
  const following = follow(subscribe, stand.device());
  await begun(following);
  line.cut();
  const missed = await stand.report(following.deviceId);
  await vi.waitFor(() => expect(following.changes.at(-1)?.device.report?.indoorTemperatureC).toBe(missed), SOON);
  const next = await stand.report(following.deviceId);
  await vi.waitFor(() => expect(timesTold(following, next)).toBe(1), SOON);
  const revisions = following.changes.map(({ revision }) => revision);
  expect([revisions, following.faults]).toEqual([revisions.toSorted((a, b) => a - b), []]);
  following.stop();
}
