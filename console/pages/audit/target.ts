import type { Audit } from "#ops/api.ts";
import { hrefOf } from "../../route.ts";

/** Groups have ids of 16 hex digits. */
const GROUP = /^[0-9a-f]{16}$/;

/** Where the target of an entry is shown, or `null` for what has no page: a number of letters, a file that came in. */
export function targetHref({ action, target }: Pick<Audit, "action" | "target">): string | null {
  if (action.startsWith("group.")) return hrefOf(["groups", target]);
  if (action.startsWith("run.") || action === "plan.create") return hrefOf(["runs", target]);
  if (action === "import") return null;
  if (target.startsWith("{")) return filterHref(target);
  if (/\s/.test(target)) return null;
  return hrefOf([GROUP.test(target) ? "groups" : "letters", target]);
}

/** A filter that letters were thrown away or taken out by. */
function filterHref(target: string): string | null {
  try {
    const filter = Object.entries(JSON.parse(target) as object);
    return hrefOf(["letters"], Object.fromEntries(filter.map(([name, value]) => [name, printTarget(value)])));
  } catch {
    return null;
  }
}

/** Times of a filter are kept in milliseconds. */
const printTarget = (value: unknown): string =>
  typeof value === "number" ? new Date(value).toISOString() : String(value);
