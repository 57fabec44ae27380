import { WorkerEntrypoint } from "cloudflare:workers";
import type { AskedAsOf, AskedReadings } from "#domain/device-archive.ts";
import type { DeviceKey } from "#domain/event.ts";
import type { JobAction, JobObjectName, JobOrder } from "#ops/archive-api.ts";
import type { CheckRequest } from "#ops/archive-files-api.ts";
import type { RecentQuery } from "#ops/archive-recent.ts";
import type { ArchiveRpc } from "#ops/archive-service.ts";
import type { VerificationQuery } from "#ops/archive-verification.ts";
import type { Env } from "./env.ts";
import { deviceAsOf, deviceReadings, deviceReads } from "./service/device.ts";
import { checkFiles, readKept, readStatus } from "./service/files.ts";
import { readForgetCertificate, readForgetRequests } from "./service/forgetting.ts";
import { orderJob, readJobs, startJob } from "./service/jobs.ts";
import { readRecent } from "./service/recent.ts";
import { readVerification, readVerificationFigures } from "./service/verification.ts";

/** What the api and dlq Workers call of the archive. Each method's code is in service/. */
export class ArchiveService extends WorkerEntrypoint<Env> implements ArchiveRpc {
  jobs() {
    return readJobs(this.env);
  }

  startJob(order: JobOrder) {
    return startJob(this.env, order);
  }

  orderJob(name: JobObjectName, action: JobAction, actor: string) {
    return orderJob(this.env, name, action, actor);
  }

  forgetRequests() {
    return readForgetRequests(this.env);
  }

  forgetCertificate(requestId: string) {
    return readForgetCertificate(this.env, requestId);
  }

  verification(query: VerificationQuery) {
    return readVerification(this.env, query);
  }

  archiveStatus() {
    return readStatus(this.env);
  }

  archiveFigures() {
    return readKept(this.env);
  }

  checkArchive(request: CheckRequest) {
    return checkFiles(this.env, request);
  }

  recentlyArchived(query: RecentQuery) {
    return readRecent(this.env, query);
  }

  deviceAsOf(key: DeviceKey, asked: AskedAsOf) {
    return deviceAsOf(deviceReads(this.env), key, asked);
  }

  deviceReadings(key: DeviceKey, asked: AskedReadings) {
    return deviceReadings(deviceReads(this.env), key, asked);
  }

  verificationFigures() {
    return readVerificationFigures(this.env);
  }
}
