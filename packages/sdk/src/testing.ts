/**
 * What a service's own tests need: builders of events, a fleet in memory, and fakes of the services. It needs drizzle-orm,
 * since the fakes page as the repositories do.
 *
 * @module
 */

export { aFleet, type FleetAbout } from "#testing/a-fleet.ts";
export {
  type AlertAbout,
  aDevice,
  anEvent,
  type DeviceAbout,
  type EventAbout,
  LATER_MS,
  START_MS,
} from "#testing/builders.ts";
export { type EdgeEvent, edgeEvents } from "#testing/edge-events.ts";
export { FakeConcord, type FakeConcordOptions, type RecordedCall } from "#testing/fake-concord.ts";
export { type FaultOptions, type FaultTarget, type MethodName, outage } from "#testing/faults.ts";
export { type Delivered, MemoryFleet } from "#testing/memory-fleet.ts";
