import { readFileSync, writeFileSync } from "node:fs";
import { stringify } from "yaml";
import { LEAVES, type Leaf, memberOf } from "../bridge/settings/leaves.ts";
import { BRIDGE_METRICS } from "../bridge/telemetry/metrics.ts";

/**
 * Writes the tables of the bridge's guide, and the example of its file of settings. With `--check` it writes nothing,
 * and fails if a file is out of date.
 */
const GUIDE = "docs/bridge.md";
const EXAMPLE = "docs/bridge.example.yaml";

const code = (text: string) => `\`${text}\``;
const cell = (text: string) => text.replaceAll("|", "\\|");

function settingsTable(): string {
  const rows = LEAVES.map((leaf) => {
    const variable = leaf.kind === "secret" ? `${code(leaf.env)}, ${code(`${leaf.env}_FILE`)}` : code(leaf.env);
    const given = leaf.default === undefined ? "" : code(String(leaf.default));
    return `| ${code(memberOf(leaf))} | ${code(`--${leaf.flag}`)} | ${variable} | ${given} | ${cell(leaf.summary)} |`;
  });
  return ["| in the file | option | variable | default | what it is |", "|---|---|---|---|---|", ...rows].join("\n");
}

function metricsTable(): string {
  const rows = BRIDGE_METRICS.map(
    ({ name, kind, labels, help }) => `| ${code(name)} | ${kind} | ${labels.join(", ")} | ${cell(help)} |`,
  );
  return ["| metric | type | labels | what it is |", "|---|---|---|---|", ...rows].join("\n");
}

/** Every setting: those that every bridge needs as they are given, all others commented out. */
function exampleFile(): string {
  const needed = ["url", "credential", "brokers"];
  const lines = LEAVES.flatMap((leaf, i) => {
    const [group, member = group] = leaf.path as [string, string?];
    const isNested = leaf.path.length > 1;
    const opensGroup = isNested && LEAVES[i - 1]?.path[0] !== group;
    const name = memberOf(leaf).split(".").at(-1) ?? member;
    const setting = `${isNested ? "  " : ""}${name}: ${exampleOf(leaf)}`;
    return [
      ...(opensGroup ? ["", `# ${group}:`] : isNested ? [] : [""]),
      `# ${isNested ? "  " : ""}${leaf.summary}.`,
      needed.includes(leaf.name) ? setting : `# ${setting}`,
    ];
  });
  const head = [
    "# Settings of `concord bridge --config bridge.yaml`. What is commented out shows the default, or an example where",
    "# there is none. A secret is named by its file, and is never written here. docs/bridge.md explains all of it.",
  ];
  return `${[...head, ...lines].join("\n")}\n`;
}

function exampleOf({ kind, name, flag, example, default: given, value }: Leaf): string {
  if (kind === "secret") return typeof example === "string" ? example : `/run/secrets/${flag.replace(/-file$/, "")}`;
  const shown = example ?? given ?? EXAMPLES[name] ?? value;
  return stringify(shown, { collectionStyle: "flow", flowCollectionPadding: false, lineWidth: 0 }).trimEnd();
}

/** Of settings without a default or an example of their own. */
const EXAMPLES: Readonly<Record<string, unknown>> = {
  "tls.enabled": true,
  "tls.serverName": "kafka.example.com",
  "sasl.mechanism": "SCRAM-SHA-512",
  "sasl.username": "concord-bridge",
  "sasl.tokenUrl": "https://login.example.com/oauth2/token",
  "sasl.clientId": "concord-bridge",
  "sasl.scope": "kafka",
  "proxy.url": "https://proxy.example.com",
  "proxy.dialect": "karapace",
  "proxy.username": "concord-bridge",
  "schemaRegistry.url": "https://registry.example.com",
  "schemaRegistry.username": "concord-bridge",
  "log.format": "json",
};

const withTable = (text: string, name: string, table: string) =>
  text.replace(
    new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*(<!-- /${name} -->)`),
    (_, open, close) => `${open}${table}\n${close}`,
  );

const guide = readFileSync(GUIDE, "utf8");
const files = {
  [GUIDE]: withTable(withTable(guide, "settings", settingsTable()), "metrics", metricsTable()),
  [EXAMPLE]: exampleFile(),
};
const isCheck = process.argv.includes("--check");
for (const [file, text] of Object.entries(files)) {
  if (readFileSync(file, "utf8") === text) continue;
  if (!isCheck) writeFileSync(file, text);
  else {
    console.error(`${file} is not what scripts/generate-bridge-docs.ts says; run \`npm run generate\`.`);
    process.exitCode = 1;
  }
}
if (!isCheck) console.log(`The tables of ${GUIDE} and ${EXAMPLE} are written.`);
