import type { MissingFieldHandler } from "relay-runtime";
import { deviceIdIn } from "../schema.ts";

/** Relay's name for the type of the query's root record. */
const ROOT = "__Root";

/**
 * Answers `device(by:)`, `node` and `nodes` from what any query has loaded. Relay keeps each entity under
 * its global `id`, which an argument names or, for a device's key, makes. Relay asks the API for what is not there.
 */
export const concordMissingFieldHandlers: readonly MissingFieldHandler[] = [
  {
    kind: "linked",
    handle(field, record, args) {
      if (record == null || record.getType() !== ROOT) return undefined;
      if (field.name === "node") return args.id;
      if (field.name === "device") return deviceIdIn(args);
      return undefined;
    },
  },
  {
    kind: "pluralLinked",
    handle: (field, record, args) =>
      record != null && record.getType() === ROOT && field.name === "nodes" ? args.ids : undefined,
  },
];
