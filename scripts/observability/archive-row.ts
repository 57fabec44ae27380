import { type Row, rate } from "./panel.ts";

/** What operators watch of the archive and of the jobs over it. */
export const ARCHIVE_ROW: Row = {
  title: "Archive",
  panels: [
    {
      title: "Not compacted",
      description: "Objects of the bucket that are in no day file yet. Those of today belong here.",
      unit: "short",
      kind: "stat",
      width: 4,
      queries: [["concord_archive_raw_objects", "objects"]],
    },
    {
      title: "Oldest of them",
      description: "A day is compacted within the hour after it has closed, so more than two days are a backlog.",
      unit: "s",
      kind: "stat",
      width: 4,
      limit: 2 * 86_400,
      queries: [["time() - concord_archive_oldest_raw_timestamp_seconds", "age"]],
    },
    {
      title: "Values that differ",
      description: "From the archive, when their part of the fleet was last verified.",
      unit: "short",
      kind: "stat",
      width: 4,
      limit: 1,
      queries: [["concord_archive_differences", "values"]],
    },
    {
      title: "Verified",
      description: "Of the fleet, within eight days. A night does a seventh.",
      unit: "percentunit",
      kind: "stat",
      width: 4,
      queries: [["concord_archive_verified_buckets / 256", "share"]],
    },
    {
      title: "Longest unverified",
      description: "How long ago the part of the fleet was verified whose turn was first.",
      unit: "s",
      kind: "stat",
      width: 4,
      limit: 9 * 86_400,
      queries: [["time() - concord_archive_verification_oldest_timestamp_seconds", "age"]],
    },
    {
      title: "Records in day files",
      description: "What readers have as Parquet.",
      unit: "short",
      kind: "stat",
      width: 4,
      queries: [["concord_archive_day_file_records", "records"]],
    },
    {
      title: "Written by consumers",
      description: "Objects that consumers write into R2 a second, one a batch, and the records in them.",
      unit: "short",
      queries: [
        [rate("concord_archive_objects_total", "outcome"), "objects {{outcome}}"],
        [rate("concord_archive_records_total"), "records"],
      ],
    },
    {
      title: "Backlog of compaction",
      description: "Raw objects. They grow through the day, and fall when the day before is compacted.",
      unit: "short",
      queries: [["concord_archive_raw_objects", "raw objects"]],
    },
    {
      title: "Jobs",
      description:
        "One job at a time in each object: compaction and forgetting share files. A gap means that none is due.",
      unit: "short",
      kind: "state-timeline",
      queries: [["concord_archive_job_state == 1", "{{archive_job}} {{state}}"]],
    },
    {
      title: "Since each job was last done, and last failed",
      description: "Compaction and forgetting are hourly, verification nightly.",
      unit: "s",
      queries: [
        ["time() - concord_archive_job_last_done_timestamp_seconds", "{{kind}} done"],
        ["time() - concord_archive_job_last_failed_timestamp_seconds", "{{kind}} failed"],
      ],
    },
    {
      title: "How far rebuild and forgetting are",
      description: "Days of the archive that a rebuild has replayed, and stages that a forgetting is through, of all.",
      unit: "percentunit",
      queries: [
        [
          'concord_archive_job_figure{kind="rebuild",figure="days"} / ignoring (figure) concord_archive_job_figure{kind="rebuild",figure="daysInAll"}',
          "days replayed",
        ],
        [
          'concord_archive_job_done{kind="forgetting"} / concord_archive_job_expected{kind="forgetting"}',
          "stages of forgetting",
        ],
      ],
    },
    {
      title: "What verification and rebuild have compared",
      description: "Devices of the run that is going on or was last, and the values in which they differ.",
      unit: "short",
      queries: [
        ['concord_archive_job_done{kind="verification"}', "verified {{unit}}"],
        ['concord_archive_job_figure{kind="rebuild",figure="compared"}', "compared by the rebuild"],
        ['concord_archive_job_figure{kind=~"verification|rebuild",figure="differences"}', "differences of {{kind}}"],
      ],
    },
  ],
};
