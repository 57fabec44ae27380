/** The Worker, with the classes of other Workers that it binds to, and an `ArchiveJob` with the kinds of a test. */
export * from "../../../workers/archive/index.ts";
export { default } from "../../../workers/archive/index.ts";
export { DealerFeed } from "../../../workers/devices/dealer-feed.ts";
export { DeviceObject } from "../../../workers/devices/device-object.ts";
export { LiveHub } from "../../../workers/devices/hub/live-hub.ts";
export { ReplayRun } from "../../../workers/dlq/runs/replay-run.ts";
export { FakeMetrics } from "../fake-metrics.ts";
export { TestJob } from "./test-job.ts";
