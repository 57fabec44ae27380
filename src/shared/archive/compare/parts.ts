import { compareParts, type Part } from "#domain/parts.ts";
import { compareVersions } from "#domain/version.ts";
import type { Cause, Difference, Place } from "./difference.ts";
import { differingFields } from "./fields.ts";

/** Whether an event that was archived after the fold has written this part. */
export type IsExplained = (part: Part) => boolean;

export type Sides = {
  readonly subject: string;
  readonly live: ReadonlyMap<string, Part>;
  readonly archived: ReadonlyMap<string, Part>;
  readonly isExplained: IsExplained;
  /** Where the differences of a part are, if it is not where the part is. */
  readonly place?: Place;
};

/** What differs between two sets of parts, path by path. */
export function differingParts({ subject, live, archived, isExplained, place }: Sides): Difference[] {
  const differences: Difference[] = [];
  for (const path of new Set([...archived.keys(), ...live.keys()])) {
    const stored = live.get(path);
    const known = archived.get(path);
    const order = orderOf(stored, known);
    if (order === 0 || (order > 0 && stored && isExplained(stored))) continue;
    const part = (stored ?? known) as Part;
    const common = {
      place: place ?? part.place,
      subject,
      part: path,
      cause: causeOf(stored, known),
      liveVersion: stored?.version ?? null,
      archivedVersion: known?.version ?? null,
      ...(part.topic !== undefined && { topic: part.topic }),
      isAbove: order > 0,
    };
    differences.push(...fieldsOf(path, stored, known).map((field) => ({ ...common, ...field })));
  }
  return differences;
}

/** Positive if what is stored is above the archive. */
function orderOf(stored: Part | undefined, known: Part | undefined): number {
  if (!stored) return -1;
  return known ? compareParts(stored, known) : 1;
}

/** Equal content with another version differs in its version alone. */
function fieldsOf(path: string, stored: Part | undefined, known: Part | undefined) {
  if (!stored || !known) return [{ path, live: stored?.value ?? null, archived: known?.value ?? null }];
  const fields = differingFields(path, stored.value, known.value);
  return fields.length > 0 ? fields : [{ path: `${path}.version`, live: stored.version, archived: known.version }];
}

function causeOf(stored: Part | undefined, known: Part | undefined): Cause {
  if (!stored) return "missing";
  if (!known) return "notArchived";
  const age = compareVersions(stored.version, known.version);
  return age === 0 ? "sameVersion" : age < 0 ? "older" : "newer";
}
