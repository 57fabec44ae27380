import { counted } from "../../cli/terminal/counted.ts";
import { spanText } from "../span.ts";
import { differencesIn } from "./build.ts";
import type { Report } from "./schema.ts";

/** The verdict, as a sentence. */
export function headline({ verdict, fields, items, totals, clean, ending }: Report): string {
  const differing = fields.filter((field) => differencesIn(field) > 0);
  const differences = differing.reduce((sum, field) => sum + differencesIn(field), 0);
  switch (verdict) {
    case "clean":
      return clean
        ? `Clean: nothing has differed for ${spanText(clean.forMs)}`
        : `Clean: ${counted(items.compared, "item")}, ${counted(totals.compared, "value")}, and no difference`;
    case "differences":
      return `${counted(differences, "difference")} in ${counted(differing.length, "field")} of ${counted(items.differ, "item")}${ending === "stopped" ? ", so far" : ""}`;
    case "errors":
      return `Nothing differs, but ${counted(totals.error, "value")} could not be compared`;
    case "unfinished":
      return ending === "stopped"
        ? `Stopped after ${items.compared} of ${counted(items.all, "item")}: nothing differs so far`
        : `Not clean for ${spanText(clean?.neededMs ?? 0)} when the time was up: nothing differs now`;
    default:
      return verdict satisfies never;
  }
}
