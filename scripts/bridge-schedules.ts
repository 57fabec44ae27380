import { runTool } from "../local/tool.ts";

/** 200 drawn schedules of the bridge in front of stand-ins of REST proxies, 50 of each dialect. `npm test` draws 40. */
const { status } = runTool("vitest", ["run", "--project", "bridge", "schedules"], {
  env: { BRIDGE_SCHEDULES: "50", ...process.env },
  stdio: "inherit",
});
process.exitCode = status ?? 1;
