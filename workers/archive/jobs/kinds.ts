import type { JobKindName } from "#ops/archive-api.ts";
import { compaction, compactionSchedule } from "./compaction.ts";
import { forgetting, forgettingSchedule } from "./forgetting.ts";
import type { RegisteredKind } from "./job-kind.ts";
import { rebuild } from "./rebuild.ts";
import { verification, verificationSchedule } from "./verification.ts";

/** Every kind of job that this release has. */
export const KINDS: Readonly<Partial<Record<JobKindName, RegisteredKind>>> = {
  compaction: { kind: compaction, schedule: compactionSchedule },
  verification: { kind: verification, schedule: verificationSchedule },
  rebuild: { kind: rebuild },
  forgetting: { kind: forgetting, schedule: forgettingSchedule },
};
