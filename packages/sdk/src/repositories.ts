/**
 * D1, read under a caller's scope. Every read names the scope, and what is out of scope reads as absent. The repositories
 * of the tables that events build, and the base for repositories of a service's own tables, which have the same methods.
 *
 * @module
 */

export { AlertCursor, type AlertFilter, AlertRepository, type FoundAlert } from "#repositories/alert.ts";
export { AssignmentCursor, AssignmentRepository } from "#repositories/assignment.ts";
export { type Consistency, laterToken, NEAREST, parseConsistencyToken } from "#repositories/consistency.ts";
export { CustomerCursor, type CustomerFilter, CustomerRepository, type FoundCustomer } from "#repositories/customer.ts";
export { DealerCursor, type DealerFilter, DealerRepository, type FoundDealer } from "#repositories/dealer.ts";
export {
  type DeviceFilter,
  type DeviceListing,
  DeviceRepository,
  deviceCursorSchema,
  type FoundDevice,
} from "#repositories/device.ts";
export { isOutage } from "#repositories/fault.ts";
export type { FleetStatistics } from "#repositories/kept-counts.ts";
export type { KeyRange, Keyset, Ordering } from "#repositories/keyset.ts";
export { type NewRow, OwnedRepository, type Upserted } from "#repositories/owned-repository.ts";
export {
  type Cursor,
  DEFAULT_PAGE_SIZE,
  describeBadPage,
  type Edge,
  EMPTY_PAGE,
  MAX_PAGE_SIZE,
  type Page,
  type PageArgs,
  type PageRequest,
  type ParsedPage,
  parsePage,
} from "#repositories/page.ts";
export { type ReadReport, ReadSession, StatementBudgetSpent } from "#repositories/read-session.ts";
export { many, one, type Relation, type Relations } from "#repositories/relation.ts";
export { type Found, type IdOf, MAX_ROWS, type OrderBy, Repository } from "#repositories/repository.ts";
export { isOwnDealer, keysetOf, type ScopedTable, scopedTable } from "#repositories/scoped-table.ts";
export { type DealerStatistics, StatisticsRepository } from "#repositories/statistics.ts";
export { type ColumnName, MAX_COUNT, type ReadHandle, type RowOf } from "#repositories/table-reader.ts";
export { alerts, assignments, customers, dealers, devices } from "#repositories/tables.ts";
export type { Condition, ScalarName, Where } from "#repositories/where.ts";
