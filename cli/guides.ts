import { fileURLToPath } from "node:url";

type Guide = { readonly file: string; readonly summary: string };

/** Documents that come with the command line, by the names that `concord guide` has for them. */
export const GUIDES = {
  bridge: { file: "bridge.md", summary: "From Kafka to Concord: every setting, sizing, what can go wrong" },
  "bridge.yaml": { file: "bridge.example.yaml", summary: "A file for `concord bridge --config` with every setting" },
  backfill: { file: "backfill.md", summary: "From a warehouse's files to events: the mapping, faults, resuming" },
  "backfill-schema": { file: "backfill-mapping.schema.json", summary: "JSON schema of a mapping, for editors" },
  contracts: { file: "contracts.md", summary: "Every topic, and what its events look like" },
  parity: { file: "parity.md", summary: "Comparing an old system with Concord: the file, the verdicts" },
  "parity-schema": { file: "parity.schema.json", summary: "JSON schema of parity.yaml, for editors" },
  "parity-report-schema": { file: "parity-report.schema.json", summary: "JSON schema of `concord parity --json`" },
  cutover: { file: "cutover.md", summary: "Moving from an old system to Concord, step by step" },
  keys: { file: "keys.md", summary: "Keys, tokens and credentials: how each is made, replaced and taken back" },
  runbook: { file: "runbook.md", summary: "What to do about dead letters, alerts, a platform that is late" },
} as const satisfies Readonly<Record<string, Guide>>;

/** Beside `cli` in the repository; in the package, beside the folder that this is compiled into. */
export const guidePath = (file: string): string => fileURLToPath(new URL(`../docs/${file}`, import.meta.url));
