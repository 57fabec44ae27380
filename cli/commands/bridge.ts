import { readFileSync } from "node:fs";
import { letterMessage, lettersIn, problemOf, reportLines } from "../../bridge/dry-run-lines.ts";
import { type BridgeParts, carryRecords, checkRecords } from "../../bridge/main.ts";
import { PARTS } from "../../bridge/parts.ts";
import { LEAVES, type Leaf } from "../../bridge/settings/leaves.ts";
import { loadSettings } from "../../bridge/settings/load.ts";
import { StopError } from "../../bridge/source.ts";
import type { Command, Options } from "../command/command.ts";
import { UsageError } from "../command/usage-error.ts";
import { EXIT, ExitError } from "../exit-error.ts";
import { outputOf } from "../terminal/output.ts";

const CONFIG_ENV = "CONCORD_BRIDGE_CONFIG";

const SWITCHES: Options = {
  config: { value: "file", summary: `Settings in YAML (or ${CONFIG_ENV}); concord guide bridge.yaml has them all` },
  once: { summary: "End at the high-water marks that partitions have at the start" },
  "dry-run": { summary: "Check records by their contracts, send nothing and commit nothing" },
  json: { summary: "With --dry-run: print its report as JSON" },
};

/** @param parts what the bridge is put together from */
export const bridgeCommand = (parts: BridgeParts): Command => ({
  details:
    "Records are read from brokers, or from a REST proxy in front of them, and sent to the ingest Worker. An offset is\n" +
    "committed when Concord has answered for every record before it: records may come again, and none is lost.\n" +
    "Every option can also be set in the environment, as CONCORD_BRIDGE_PARCEL_BYTES, or in the file of --config;\n" +
    "CONCORD_URL and CONCORD_CREDENTIAL are named as for other commands. Options come first, then the environment.\n" +
    "SIGTERM and Ctrl-C deliver and commit what is in memory; a second one ends at once. Guide: `concord guide bridge`\n" +
    "\n" +
    "Exit codes: 0 ended as asked, 1 cannot go on, 2 settings cannot work. Of --dry-run: 3 found no topic,\n" +
    "4 found what would be dead letters.",
  options: { ...SWITCHES, ...Object.fromEntries(LEAVES.map((leaf) => [leaf.flag, optionOf(leaf)])) },
  examples: [
    "concord bridge --url http://localhost:8787 --brokers localhost:9092",
    "concord bridge --config bridge.yaml",
    "concord bridge --config bridge.yaml --dry-run --from 2026-11-01T00:00:00Z",
    "concord bridge --config bridge.yaml --once",
  ],
  run: async (input, terminal) => {
    const path = typeof input.config === "string" ? input.config : terminal.env[CONFIG_ENV];
    const { [CONFIG_ENV]: _, ...env } = terminal.env;
    const file = path ? { path, text: readFileSync(path, "utf8") } : undefined;
    const settings = loadSettings({ flags: input, env, file });
    if (input.json && !input["dry-run"])
      throw new UsageError("--json goes with --dry-run; a log is JSON by --log-format");
    if (input.once && input["dry-run"]) throw new UsageError("--dry-run ends by itself; leave --once out");
    try {
      if (!input["dry-run"]) return await carryRecords(settings, input.once === true, terminal, parts);
      const { output } = outputOf(terminal);
      const report = await checkRecords(settings, terminal, parts);
      if (input.json) output.json(JSON.stringify(report));
      else if (report.topics.length > 0) for (const line of reportLines(report)) output.line(line);
      const problem = problemOf(report);
      if (problem !== undefined) throw new ExitError(report.failure ? EXIT.fault : EXIT.nothing, problem);
      const letters = lettersIn(report);
      if (letters > 0) throw new ExitError(EXIT.failures, letterMessage(letters));
    } catch (error) {
      if (error instanceof StopError) throw new ExitError(EXIT.fault, error.message);
      throw error;
    }
  },
});

function optionOf({ kind, value, summary, default: given, choices }: Leaf): Options[string] {
  if (kind === "secret") return { value: "path", offer: "file", summary: `File with: ${summary}` };
  const described = given === undefined ? summary : `${summary} (default ${given})`;
  return { value, summary: described, ...(choices && { offer: choices }) };
}

export const bridge = bridgeCommand(PARTS);
