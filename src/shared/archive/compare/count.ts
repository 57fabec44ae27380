import type { Difference } from "./difference.ts";

/** @param kept what a table of counts says, and `counted` what counting finds; `subject` says what is counted */
export const countDifference = ({
  place,
  subject,
  kept,
  counted,
}: {
  readonly place: "deviceCount" | "alertCount";
  readonly subject: string;
  readonly kept: number;
  readonly counted: number;
}): Difference => ({
  place,
  subject,
  part: "*",
  path: "*",
  cause: "count",
  live: kept,
  archived: counted,
  liveVersion: null,
  archivedVersion: null,
  isAbove: false,
});
