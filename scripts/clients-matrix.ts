import { readOptions } from "../local/options.ts";
import { run, toolPath } from "../local/tool.ts";
import { WRITE_MATRIX } from "../test/clients/results.ts";

readOptions(
  `npm run clients:matrix
Tries each client of test/clients against all Workers, and writes what it shows into docs/clients-matrix.md.`,
  {},
);
const options = { env: { ...process.env, ...WRITE_MATRIX }, stdio: "inherit" as const };
const { status } = run(process.execPath, [toolPath("vitest"), "run", "--project", "clients"], options);
process.exit(status || run(process.execPath, ["scripts/generate-clients-matrix.ts"], options).status || 0);
