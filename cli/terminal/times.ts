/** How long ago a time of the API is: `3 min`. A clock that is ahead of ours makes it `0 s`. */
export function formatAge(time: string | null, nowMs: number): string {
  if (time === null) return "–";
  const seconds = Math.max(0, Math.round((nowMs - Date.parse(time)) / 1_000));
  const [size, name] = UNITS.find(([each]) => seconds >= each) ?? [1, "s"];
  return `${Math.floor(seconds / size)} ${name}`;
}

const UNITS = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
  [1, "s"],
] as const;

/** `2026-11-27 07:24:47Z`: in UTC, as in logs, so that people in different time zones read the same. */
export const formatTime = (time: string | null): string =>
  time === null ? "–" : `${new Date(time).toISOString().slice(0, 19).replace("T", " ")}Z`;

/** The time, and how long ago it is: `2026-11-27 07:24:47Z, 3 min ago`. */
export const formatTimeAndAge = (time: string | null, nowMs: number): string =>
  time === null ? "–" : `${formatTime(time)}, ${formatAge(time, nowMs)} ago`;
