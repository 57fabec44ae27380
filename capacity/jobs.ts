import { ROW_GROUP_ROWS } from "#archive/day-file.ts";
import { BUCKETS } from "#archive/names.ts";
import { MONTHLY, PRICES } from "../bench/prices.ts";
import { LIMITS } from "./limits.ts";
import measured from "./measured-jobs.json" with { type: "json" };
import type { Plan } from "./plan.ts";

/** What one run of a job over the archive takes. */
export type JobUse = {
  readonly d1RowsRead: number;
  readonly d1RowsWritten: number;
  /** Operations of R2 that read, and that write or list. */
  readonly bucketReads: number;
  readonly bucketWrites: number;
  /** Calls of the devices' objects. */
  readonly objectCalls: number;
  /** Rows of the job's own object, beside those of its steps. */
  readonly jobRowsWritten: number;
  readonly steps: number;
};

type PerUnit = Readonly<Record<"device" | "record" | "file" | "fixed", JobUse>>;

/** As test/workers/archive/job-costs.test.ts has counted it in runs of the jobs. */
export type MeasuredJobs = Readonly<Record<"verification" | "rebuild" | "forgetting", PerUnit>> & {
  /** The share of a bucket's records that a second verification reads, from 0 to 1. */
  readonly verificationReadsAgain: number;
};

export const MEASURED_JOBS: MeasuredJobs = measured;

/** Buckets of the fleet are verified in so many nights. */
const NIGHTS = 7;
/** What was measured is a run over one of them. */
const BUCKETS_A_NIGHT = Math.ceil(BUCKETS / NIGHTS);

/** A step writes its job's state before and after it, and an alarm. */
const ROWS_A_STEP = 3;

export const NO_USE: JobUse = {
  ...{ d1RowsRead: 0, d1RowsWritten: 0, bucketReads: 0, bucketWrites: 0, objectCalls: 0, jobRowsWritten: 0, steps: 0 },
};

type Amount = {
  readonly devices: number;
  readonly records: number;
  readonly files: number;
  /** How often it has what a run takes beside these. */
  readonly times?: number;
};

function useOf({ device, record, file, fixed }: PerUnit, { devices, records, files, times = 1 }: Amount): JobUse {
  const of = (name: keyof JobUse) =>
    device[name] * devices + record[name] * records + file[name] * files + fixed[name] * times;
  return Object.fromEntries(Object.keys(fixed).map((name) => [name, of(name as keyof JobUse)])) as JobUse;
}

/** A small file is read at once, as those of the measured fleets were; of a large one each row group is a read. */
const withGroups = (use: JobUse, records: number): JobUse => ({
  ...use,
  bucketReads: use.bucketReads + records / ROW_GROUP_ROWS,
});

const archiveOf = ({ devices, eventsPerDeviceDay, archiveDays }: Plan) => ({
  aDay: devices * eventsPerDeviceDay,
  records: devices * eventsPerDeviceDay * archiveDays,
  files: LIMITS.archiveTopics.value * archiveDays,
});

/** A night of verification: a seventh of the fleet, with what came in the week since its last turn. */
export function nightOf(plan: Plan, jobs: MeasuredJobs = MEASURED_JOBS): JobUse {
  if (plan.archiveDays === 0) return NO_USE;
  const { aDay, records, files } = archiveOf(plan);
  const fresh = (aDay * Math.min(NIGHTS, plan.archiveDays)) / NIGHTS;
  const again = jobs.verificationReadsAgain * Math.max(0, records / NIGHTS - fresh);
  const filesRead = jobs.verificationReadsAgain > 0 ? files : Math.min(files, LIMITS.archiveTopics.value * NIGHTS);
  const read = fresh + again;
  return withGroups(
    useOf(jobs.verification, {
      devices: plan.devices / NIGHTS,
      records: read,
      files: filesRead,
      times: BUCKETS_A_NIGHT,
    }),
    read,
  );
}

/** A rebuild into the second database, with the comparison of all that is live. */
export function rebuildOf(plan: Plan, jobs: MeasuredJobs = MEASURED_JOBS): JobUse {
  if (plan.archiveDays === 0) return NO_USE;
  const archive = archiveOf(plan);
  return withGroups(useOf(jobs.rebuild, { devices: plan.devices, ...archive }), archive.records);
}

/**
 * A customer with one device is forgotten: what is looked through, and what is written of one device's life. Most records
 * are reports, which have nothing personal, so that only the ends of their files are read.
 */
export function forgettingOf(plan: Plan, jobs: MeasuredJobs = MEASURED_JOBS): JobUse {
  if (plan.archiveDays === 0) return NO_USE;
  return useOf(jobs.forgetting, { devices: plan.devices, ...archiveOf(plan) });
}

/** At list prices, without what the paid plan includes. In US dollars. */
export function dollarsOf(use: JobUse): number {
  const millions =
    use.d1RowsRead * PRICES.d1RowsRead +
    use.d1RowsWritten * PRICES.d1RowsWritten +
    use.bucketReads * MONTHLY.bucketReads +
    use.bucketWrites * MONTHLY.bucketWrites +
    (use.objectCalls + use.steps) * PRICES.objectRequests +
    rowsOfObjects(use) * PRICES.objectRowsWritten;
  return millions / 1e6;
}

export const rowsOfObjects = ({ jobRowsWritten, steps }: JobUse): number => jobRowsWritten + ROWS_A_STEP * steps;
