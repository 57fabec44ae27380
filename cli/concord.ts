import { dispatch } from "./dispatch.ts";
import { processTerminal } from "./terminal/terminal.ts";

// A reader such as `head` may stop reading. That is not an error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

await dispatch(process.argv.slice(2), processTerminal()).catch(async (error: Error) => {
  const { exitOf, stackOf } = await import("./exit-error.ts");
  const { code, message } = exitOf(error);
  console.error(message === undefined ? stackOf(error) : `concord: ${message}`);
  process.exitCode = code;
});
