export { DealerFeed } from "../../../workers/devices/dealer-feed.ts";
export { DeviceObject } from "../../../workers/devices/device-object.ts";
export { LiveHub } from "../../../workers/devices/hub/live-hub.ts";
export { CommandsService, default } from "../../../workers/ingest/index.ts";
export { FakeMetrics } from "../fake-metrics.ts";
