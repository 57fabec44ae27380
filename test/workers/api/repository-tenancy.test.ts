import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Scope } from "../../../packages/sdk/src/auth.ts";
import { AlertRepository, AssignmentRepository, DeviceRepository } from "../../../packages/sdk/src/repositories.ts";
import { cases } from "../../support/property-budget.ts";
import { dealerScope, emptyTables, env, OPS, registered, seedAlerts, seedDevices } from "./support.ts";

/* The tables that events build, against plain arrays: who has a device now, and who had it when an alert was raised. */
const dealer = fc.constantFrom("D-1", "D-2", "D-3");
const handovers = fc
  .uniqueArray(fc.record({ minute: fc.integer({ min: 1, max: 9 }), dealerId: fc.option(dealer) }), {
    selector: ({ minute }) => minute,
    maxLength: 4,
  })
  .map((drawn) => drawn.toSorted((a, b) => a.minute - b.minute));
const alert = fc.record({ raised: fc.integer({ min: 0, max: 10 }), isCleared: fc.boolean() });
const device = fc.record({ handovers, alerts: fc.array(alert, { maxLength: 3 }) });
const scope: fc.Arbitrary<Scope> = fc.oneof(
  fc.constant(OPS),
  fc.uniqueArray(dealer, { maxLength: 2 }).map((some) => dealerScope(...some)),
);

describe("under any scope, the repositories of devices, alerts and assignments", () => {
  it("return, count, group and include exactly what the scope may see", async () => {
    const property = fc.asyncProperty(fc.array(device, { maxLength: 4 }), scope, async (drawn, who) => {
      const world = drawn.map((each, i) => ({ key: `elt:${i}` as const, ...each }));
      await emptyTables();
      for (const { key, handovers: its, alerts } of world) {
        const dealers = its.map(({ minute, dealerId }) => [minute, dealerId] as const);
        await seedDevices({ key, aspects: registered(key), dealers });
        const raised = alerts.map((each, n) => ({
          deviceKey: key,
          alertId: `a${n}`,
          raised: each.raised,
          ...(each.isCleared && { cleared: 20 }),
        }));
        if (raised.length > 0) await seedAlerts(...raised);
      }

      const isMine = (dealerId: string | null | undefined) =>
        who.role !== "dealer" || (dealerId != null && who.dealerIds.includes(dealerId));
      const now = world.map((each) => ({ ...each, dealerId: each.handovers.at(-1)?.dealerId ?? null }));
      const seen = now.filter(({ dealerId }) => isMine(dealerId));
      const alertsOf = (each: (typeof now)[number]) =>
        each.alerts.flatMap(({ raised, isCleared }, n) => {
          const then = each.handovers.findLast(({ minute }) => minute <= raised)?.dealerId;
          return isMine(then) ? [{ alertId: `a${n}`, state: isCleared ? "CLEARED" : "OPEN" }] : [];
        });

      const devices = new DeviceRepository(env.DB);
      const found = await devices.findMany(who, {
        select: ["key", "dealerId"],
        orderBy: ["key"],
        include: {
          alerts: { select: ["alertId", "state"], limit: 5 },
          assignments: { select: ["dealerId"], limit: 9 },
        },
        limit: 10,
      });
      expect(found).toEqual(
        seen.map((each) => ({
          key: each.key,
          dealerId: each.dealerId,
          alerts: alertsOf(each),
          assignments: each.handovers.filter(({ dealerId }) => isMine(dealerId)).map(({ dealerId }) => ({ dealerId })),
        })),
      );
      expect(await devices.count(who)).toBe(seen.length);

      const alerts = new AlertRepository(env.DB);
      const visible = seen.flatMap(alertsOf);
      const open = visible.filter(({ state }) => state === "OPEN").length;
      expect(await alerts.count(who, { where: { state: "OPEN" } })).toBe(open);
      const groups = await alerts.groupBy(who, { by: ["state"], limit: 5 });
      expect(Object.fromEntries(groups.map(({ state, count }) => [state, count]))).toEqual({
        ...(open > 0 && { OPEN: open }),
        ...(visible.length > open && { CLEARED: visible.length - open }),
      });
      const ids = world.flatMap(({ key, alerts: its }) => its.map((_, n) => ({ deviceKey: key, alertId: `a${n}` })));
      const include = { device: { select: ["dealerId"] } } as const;
      const byId = await alerts.findByIds(who, ids, { select: ["deviceKey", "alertId"], include });
      expect(
        byId.map(({ deviceKey, alertId, device: its }) => `${deviceKey} ${alertId} ${its?.dealerId}`).toSorted(),
      ).toEqual(
        seen
          .flatMap((each) => alertsOf(each).map(({ alertId }) => `${each.key} ${alertId} ${each.dealerId}`))
          .toSorted(),
      );

      const assignments = new AssignmentRepository(env.DB);
      const intervals = await assignments.groupBy(who, { by: ["deviceKey"], limit: 9 });
      const mine = now
        .map((each) => [each.key, each.handovers.filter(({ dealerId }) => isMine(dealerId)).length] as const)
        .filter(([, count]) => count > 0);
      expect(Object.fromEntries(intervals.map(({ deviceKey, count }) => [deviceKey, count]))).toEqual(
        Object.fromEntries(mine),
      );
    });
    await fc.assert(property, cases(25));
  }, 60_000);
});
