import { stripVTControlCharacters } from "node:util";
import { type CommandDef, renderUsage } from "citty";
import { DLQ_SUMMARIES, EXIT_CODES, SUMMARIES } from "./summaries.ts";

export const printHelp = (): Promise<void> =>
  print({
    meta: { name: "concord", description: "Works with a Concord platform from the outside." },
    args: {
      help: { type: "boolean", description: "Explains a command" },
      version: { type: "boolean", description: "Prints the version" },
    },
    subCommands: listed(SUMMARIES),
  });

export async function printDlqHelp(): Promise<void> {
  await print(
    {
      meta: {
        name: "dlq",
        description: "The dead-letter desk. CONCORD_URL says where the platform is, CONCORD_TOKEN who you are.",
      },
      subCommands: listed(DLQ_SUMMARIES),
    },
    "concord",
  );
  console.log(`\n${EXIT_CODES}`);
}

/** @param parent the words before its name */
export const printCommandHelp = (command: CommandDef, parent: string): Promise<void> => print(command, parent);

const listed = (summaries: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(summaries).map(([name, description]) => [
      name,
      { meta: { name, description } } satisfies CommandDef,
    ]),
  );

/** citty colours its help whoever reads it, a file too. */
async function print(command: CommandDef, parent?: string): Promise<void> {
  const usage = await renderUsage(command, parent === undefined ? undefined : { meta: { name: parent } });
  console.log(process.stdout.isTTY && !process.env.NO_COLOR ? usage : stripVTControlCharacters(usage));
}
