import type { Announcement } from "#domain/announcement.ts";
import { SEVERITIES } from "#domain/change.ts";
import type { FeedFilter } from "./item.ts";

/** Whether a subscription with these conditions gets an announcement. */
export function passes({ kind, severity }: Announcement, { kinds, minSeverity }: FeedFilter): boolean {
  if (kinds !== null && !kinds.includes(kind)) return false;
  if (minSeverity === null || severity === null) return true;
  return SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(minSeverity);
}
