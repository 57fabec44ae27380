/** `3 min ago`, for a time as the API gives it. */
export function agoOf(time: string | null, nowMs: number): string {
  if (time === null) return "–";
  const seconds = Math.round((nowMs - Date.parse(time)) / 1_000);
  if (seconds < 5) return "just now";
  const [size, name] = UNITS.find(([each]) => seconds >= each) ?? [1, "s"];
  return `${Math.floor(seconds / size)} ${name} ago`;
}

const UNITS = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
  [1, "s"],
] as const;

/** `2026-11-27 07:24:47Z`: in UTC, as logs have it, so that two people speak of the same moment. */
export const stampOf = (time: string | null): string =>
  time === null ? "–" : `${new Date(time).toISOString().slice(0, 19).replace("T", " ")}Z`;

/** Both: when it was, and how long that is ago. */
export const whenOf = (time: string | null, nowMs: number): string =>
  time === null ? "–" : `${stampOf(time)}, ${agoOf(time, nowMs)}`;
