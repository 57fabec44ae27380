export type { SmokeReport, SmokeStep, SmokeTarget, SmokeTest } from "./target.ts";
