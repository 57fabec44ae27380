import { readFileSync } from "node:fs";
import { defineCommand } from "../command/command.ts";
import { nearest } from "../command/nearest.ts";
import { UsageError } from "../command/usage-error.ts";
import { GUIDES, guidePath } from "../guides.ts";
import { tableLines } from "../terminal/table.ts";

export const guide = defineCommand({
  details:
    "Without a name it lists what there is. The text goes to standard output, for a pager or a file:\n" +
    "`concord guide bridge | less`, `concord guide bridge.yaml > bridge.yaml`",
  arguments: {
    name: { summary: `Which: ${Object.keys(GUIDES).join(", ")}`, optional: true, offer: Object.keys(GUIDES) },
  },
  options: { path: { summary: "Print where the file is, and not what it holds" } },
  examples: ["concord guide bridge", "concord guide bridge.yaml"],
  run: async ({ name, path }, { print, width, paint }) => {
    if (name === undefined) {
      const columns = [
        { title: "NAME", value: ([each]: [string, unknown]) => each },
        { title: "HOLDS", value: ([, { summary }]: [string, { summary: string }]) => summary },
      ];
      for (const line of tableLines(Object.entries(GUIDES), columns, { width, paint })) print(line);
      return;
    }
    if (!isGuide(name)) {
      const similar = nearest(name, Object.keys(GUIDES));
      throw new UsageError(
        `there is no guide ${name}. ${similar ? `Did you mean ${similar}? ` : ""}\`concord guide\` lists all.`,
      );
    }
    const file = guidePath(GUIDES[name].file);
    print(path ? file : readFileSync(file, "utf8").trimEnd());
  },
});

const isGuide = (name: string): name is keyof typeof GUIDES => Object.hasOwn(GUIDES, name);
