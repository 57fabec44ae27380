import type { Alert } from "#domain/alert.ts";
import type { Aspects } from "#domain/device.ts";
import { type DeviceArchive, isHeldAt } from "#domain/device-archive.ts";
import { problemOf, summarize } from "#domain/readings.ts";
import type { DeviceSnapshotSource } from "#domain/snapshot.ts";
import { toMilliseconds } from "#domain/time.ts";
import { type Version, versionMoment } from "#domain/version.ts";
import { at, env } from "./support.ts";

const COMPLETE = { completeUntilMs: toMilliseconds(at(60)), completeSinceMs: toMilliseconds(at(-30)) } as const;

/**
 * An archive that says what the seeds do: assignments are those until then, and all else is as it is now. It knows
 * everything of every device, and leaves it to the services who may see what.
 */
export const fakeArchive: DeviceArchive = {
  deviceAsOf: async (key, { asOf, knownAtMs }) => {
    const [devices, assigned, raised] = await env.DB.batch<Record<string, string>>([
      env.DB.prepare("SELECT aspects, latest FROM devices WHERE key = ?").bind(key),
      env.DB.prepare("SELECT version, dealer_id FROM assignments WHERE device_key = ? ORDER BY version").bind(key),
      env.DB.prepare("SELECT alert_id, alert FROM alerts WHERE device_key = ?").bind(key),
    ]);
    const row = devices?.results[0];
    const found = { kind: "found", ...COMPLETE, knownAtMs: knownAtMs ?? COMPLETE.completeUntilMs } as const;
    if (!row) return { ...found, state: null };
    const assignments = (assigned?.results ?? [])
      .map(({ version, dealer_id }) => [version as Version, dealer_id ?? null] as const)
      .filter(([version]) => versionMoment(version) <= asOf);
    const last = assignments.at(-1);
    const { dealer: _, ...aspects }: Aspects = JSON.parse(row.aspects as string);
    return {
      ...found,
      state: {
        key,
        latest: row.latest as Version,
        aspects: { ...aspects, ...(last && { dealer: { version: last[0], value: { dealerId: last[1] } } }) },
        assignments: new Map(assignments),
        alerts: new Map(
          (raised?.results ?? []).map(({ alert_id = "", alert = "" }) => [alert_id, JSON.parse(alert) as Alert]),
        ),
      },
    };
  },

  deviceReadings: async (key, { held, ...range }) => {
    const problem = problemOf(range);
    if (problem !== null) return { kind: "refused", message: problem };
    const snapshot = await (env.DEVICES.getByName(key) as unknown as DeviceSnapshotSource).snapshot();
    const readings = (snapshot?.history ?? []).map(({ version, data }) => ({
      atMs: toMilliseconds(versionMoment(version)),
      tag: version as string,
      humidityPct: (data as { minute: number }).minute,
    }));
    const seen = readings.filter(({ atMs }) => isHeldAt(held, atMs));
    return { kind: "found", ...COMPLETE, points: summarize(seen, range) };
  },
};

/** Devices as of times before, at and after their handovers, with everything below them that is of that time. */
export const EARLIER_DOCUMENTS = ["elt:taken-over", "elt:same-minute", "elt:lost"].flatMap((key) =>
  [at(5), at(10), at(11)].flatMap((asOf) =>
    ["", `, knownAt: "${at(12)}"`].map(
      (knownAt) => `{ device(by: { key: "${key}" }, asOf: "${asOf}"${knownAt}) {
        id key status serialNumber updatedAt name location { city } report { reportedAt } twin { desiredBy version }
        earlier { asOf knownAt completeUntil completeSince }
        dealer { dealerId name phone } customer { customerId name email phone }
        alerts(first: 8) { totalCount edges { cursor node { alertId severity raisedAt acknowledgedBy } } }
        assignments(first: 8) { edges { cursor node { dealer { dealerId name } from to } } }
        history(first: 8) { edges { cursor node { occurredAt data } } }
      } }`,
    ),
  ),
);
