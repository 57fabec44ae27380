/**
 * The SDK: what a service outside this repository's Workers imports. Contracts say what events look like, the domain
 * what they mean, and the repositories give every service the same queries under the same tenancy.
 *
 * Code in here imports the file it needs; this page is for those outside.
 */

export type { TokenIssuer } from "./auth/issuer.ts";
export type { Scope } from "./auth/scope.ts";
export { authenticate, signToken } from "./auth/token.ts";
export { type Contract, defineContract } from "./contracts/define.ts";
export { CONTRACTS, findContract } from "./contracts/index.ts";
export { type Parsed, parseRecord, type Rejection } from "./contracts/parse.ts";
export { keepsTopicGrammar, type TopicName } from "./contracts/topic.ts";
export type { AlertState, AlertView } from "./domain/alert.ts";
export type { Interval } from "./domain/assignment.ts";
export type { Customer, Dealer, Location, Severity, StatusReport } from "./domain/change.ts";
export type { DeviceStatus, DeviceView } from "./domain/device.ts";
export { type ConcordEvent, type DeviceKey, deviceKeyOf, SOURCES, type Source, sourceOf } from "./domain/event.ts";
export { EMPTY_FLEET, type Fleet, merge } from "./domain/fleet.ts";
export type { Issue } from "./domain/issue.ts";
export type { MergeOutcome, Outcome } from "./domain/outcome.ts";
export { type Moment, parseTime, rfc3339Of } from "./domain/time.ts";
export { occurredAtOf, type Version } from "./domain/version.ts";
export { AlertCursor, AlertRepository } from "./repositories/alert.ts";
export { AssignmentRepository } from "./repositories/assignment.ts";
export { CustomerCursor, CustomerRepository } from "./repositories/customer.ts";
export { DealerCursor, DealerRepository } from "./repositories/dealer.ts";
export { DeviceRepository, deviceCursorOf } from "./repositories/device.ts";
export { describeBadPage, type Page, type PageArgs, type PageRequest, parsePage } from "./repositories/page.ts";
