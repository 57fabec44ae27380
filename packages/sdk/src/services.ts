/**
 * The services of Concord's api Worker, for Workers of the same account that bind to them.
 *
 * @module
 */

export type { AlertFilter, AlertKey, FoundAlert } from "#repositories/alert.ts";
export { CONSISTENCY_HEADER, laterToken } from "#repositories/consistency.ts";
export type { CustomerFilter, FoundCustomer } from "#repositories/customer.ts";
export type { DealerFilter, FoundDealer } from "#repositories/dealer.ts";
export type { DeviceFilter, DeviceListing, FoundDevice } from "#repositories/device.ts";
export { isOutage } from "#repositories/fault.ts";
export type { HistoryFilter } from "#repositories/history.ts";
export type { FleetStatistics } from "#repositories/kept-counts.ts";
export type { Page, PageArgs } from "#repositories/page.ts";
export type { DealerStatistics } from "#repositories/statistics.ts";
export type {
  Acknowledged,
  AlertsBinding,
  CustomersBinding,
  DealersBinding,
  DesiredStateInput,
  DevicesBinding,
  SetDesiredOutcome,
} from "#services/bindings.ts";
export type { Answer, Call } from "#services/call.ts";
export { type Client, type Concord, type ConcordBindings, connectConcord } from "#services/connect.ts";
