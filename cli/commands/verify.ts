import type { JobStatus } from "#ops/archive-api.ts";
import type { BucketResult, DifferenceJson, VerificationJson } from "#ops/archive-verification.ts";
import { UsageError } from "../command/usage-error.ts";
import { EXIT, ExitError } from "../exit-error.ts";
import { followJob, requireDone } from "../ops/follow-job.ts";
import { opsCommand } from "../ops/ops-command.ts";
import { formatTimeAndAge } from "../terminal/times.ts";

export const verify = opsCommand({
  details:
    "Each night a seventh of the fleet is verified: what D1 and the devices' objects hold is compared with what all\n" +
    "archived events say, while events flow. A run goes on from what the one before has stored; within 37 weeks\n" +
    "each part is read from the archive's beginning. Without --now, this shows what the last verifications found.\n" +
    "Personal values are masked. It changes nothing: `concord rebuild --into D1 --switch` replaces what is wrong.",
  options: {
    bucket: { value: "bucket", summary: "One of the 256 parts of the fleet, 00 to ff" },
    device: { value: "key", summary: "One device, {source}:{id}" },
    now: {
      summary: "Verify now, and wait for the end; all of the fleet unless --bucket or --device says what (admin)",
    },
    "archived-since": {
      value: "time",
      summary:
        "With --now, and for every later run: what occurred before this time may be from before the archive (RFC 3339)",
    },
    "from-beginning": {
      summary:
        "With --now: read the archive from its beginning, instead of going on from the folds that earlier runs have stored",
    },
    because: { value: "why", summary: "Why, for the audit log" },
  },
  exits: {
    1: "the platform cannot be reached, something failed, or there is no archive",
    3: "nothing of it was ever verified",
    4: "something differs; or, with --now, the verification failed, is paused or was canceled",
    5: "the token does not permit this",
    6: "with --now: another verification that an operator started is not over",
  },
  examples: ["concord verify", "concord verify --device elt:T-100 --now", "concord verify --bucket a7 --now"],
  run: async (context, { bucket, device, now, because, ...more }) => {
    const { "archived-since": archivedSince, "from-beginning": fromBeginning } = more;
    const { client, print, nowMs } = context;
    if (bucket !== undefined && device !== undefined) throw new UsageError("--bucket and --device exclude each other");
    const isPart = bucket !== undefined || device !== undefined;
    if (archivedSince !== undefined && (!now || isPart)) {
      throw new UsageError("--archived-since goes with --now, and with neither --bucket nor --device");
    }
    if (fromBeginning && (!now || device !== undefined)) {
      throw new UsageError("--from-beginning goes with --now; a run of one --device always reads from there");
    }
    if (now) {
      const whole = { buckets: "all", ...(archivedSince !== undefined && { archivedSince }) };
      const part = bucket !== undefined ? { bucket } : whole;
      const params = device !== undefined ? { device } : { ...part, ...(fromBeginning && { fromBeginning }) };
      const order = { kind: "verification", params, ...(because !== undefined && { reason: because }) };
      const ended = await followJob(context, await client.post<JobStatus>("/archive/jobs/verification", order));
      if (!ended) return;
      requireDone(ended);
    }
    const found = await client.get<VerificationJson>("/archive/verification", { bucket, device });
    print(found, () => verificationLines(found, { isWhole: !isPart, nowMs }));
    if (found.results.length === 0) {
      throw new ExitError(EXIT.nothing, "nothing of it was ever verified; `concord verify --now` does it now");
    }
    if (found.differenceCount > 0) throw new ExitError(EXIT.failures, summary(found.differenceCount));
  },
});

const summary = (count: number): string =>
  count === 1 ? "1 value differs from the archive" : `${count} values differ from the archive`;

function verificationLines(
  { buckets, verified, oldestVerifiedAt, results, differences, differenceCount }: VerificationJson,
  { isWhole, nowMs }: { isWhole: boolean; nowMs: number },
): string[] {
  const devices = results.reduce((sum, result) => sum + result.devices, 0);
  const whole = `${verified} of ${buckets} buckets were verified, with ${devices} devices`;
  return [
    ...(isWhole
      ? [oldestVerifiedAt ? `${whole}; the longest ago ${formatTimeAndAge(oldestVerifiedAt, nowMs)}` : `${whole}`]
      : results.flatMap((result) => resultLines(result, nowMs))),
    ...differences.flatMap(differenceLines),
    ...(differenceCount > differences.length ? [`${differenceCount - differences.length} more are not shown`] : []),
    ...(results.length > 0 && differenceCount === 0 ? ["nothing differs"] : []),
  ];
}

const resultLines = (
  { bucket, verifiedAt, devices, wholeAt, archivedHash, liveHash }: BucketResult,
  nowMs: number,
): string[] => [
  `${bucket}: verified ${formatTimeAndAge(verifiedAt, nowMs)}, ${devices === 1 ? "1 device" : `${devices} devices`}`,
  ...(wholeAt ? [`  read from the archive's beginning ${formatTimeAndAge(wholeAt, nowMs)}`] : []),
  `  archive ${archivedHash}`,
  `  stored  ${liveHash}`,
];

const differenceLines = ({ sentence, live, archived }: DifferenceJson): string[] => [
  sentence,
  ...(live === null && archived === null
    ? []
    : [`  stored   ${JSON.stringify(live)}`, `  archive  ${JSON.stringify(archived)}`]),
];
