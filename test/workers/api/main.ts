export * from "../../../workers/api/index.ts";
export { default } from "../../../workers/api/index.ts";
export { CallerBudget } from "../../../workers/devices/budgets/caller-budget.ts";
export { DealerFeed } from "../../../workers/devices/dealer-feed.ts";
export { LiveHub } from "../../../workers/devices/hub/live-hub.ts";
export { Tickets } from "../../../workers/devices/tickets/tickets.ts";
export { MetricsObject } from "../../../workers/metrics/metrics-object.ts";
export { DeviceObject } from "../remembering-device.ts";
