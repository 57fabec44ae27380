/** The Worker, with the classes of other Workers that it binds to. */
export * from "../../../workers/dlq/index.ts";
export { default } from "../../../workers/dlq/index.ts";
export { MetricsObject } from "../../../workers/metrics/metrics-object.ts";
export { DeviceObject } from "../remembering-device.ts";
