import { type ParseArgsOptionsConfig, parseArgs } from "node:util";

/** Whether a command was asked how it is called, and for nothing else. */
export const wantsHelp = (args: readonly string[] = process.argv.slice(2)): boolean =>
  args.includes("--help") || args.includes("-h");

/**
 * The options of a script that `npm run` starts. `--help` prints how it is called and ends with 0; an option that it does
 * not have ends with 2. Either ends before anything is done.
 */
export function readOptions<const T extends ParseArgsOptionsConfig>(usage: string, options: T) {
  if (wantsHelp()) {
    console.log(usage);
    process.exit(0);
  }
  try {
    return parseArgs({ options }).values;
  } catch (thrown) {
    console.error(`${(thrown as Error).message}\n\n${usage}`);
    process.exit(2);
  }
}
