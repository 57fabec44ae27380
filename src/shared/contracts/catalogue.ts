import type { Source } from "#domain/event.ts";
import type { Alias, Contract } from "./define.ts";
import {
  exampleValue,
  type Field,
  isPii,
  type JsonSchema,
  listFields,
  listPiiPaths,
  toJsonSchema,
} from "./describe.ts";
import { historyLines, historyOf, type VersionDescription } from "./history.ts";
import { CONTRACTS } from "./index.ts";

/** A contract as plain JSON, for readers and tools without TypeScript. */
export type ContractDescription = {
  readonly topic: string;
  readonly source: Source;
  readonly entity: string;
  readonly action: string;
  readonly version: number;
  readonly summary: string;
  readonly aliases: readonly Alias[];
  /** Whether a record without a value, whose key is the device id, removes the topic's state from the device. */
  readonly tombstone: boolean;
  /** Paths of the members that hold personal data, such as `data.customer.email`. */
  readonly pii: readonly string[];
  /** A whole record value. */
  readonly example: Readonly<Record<string, unknown>>;
  /** JSON Schema, draft 7, of the record value. */
  readonly schema: JsonSchema;
  /** The versions whose records are read, newest first. */
  readonly history: readonly VersionDescription[];
};

/** The response of `GET /contracts`. */
export const contractList = (contracts: readonly Contract[] = CONTRACTS): ContractDescription[] =>
  contracts.map((contract) => {
    const { topic, source, entity, action, version, summary, aliases } = contract;
    const schema = toJsonSchema(contract);
    const tombstone = contract.tombstone !== undefined;
    const described = { topic, source, entity, action, version, summary, aliases, tombstone };
    return {
      ...described,
      pii: listPiiPaths(schema),
      example: exampleValue(contract),
      schema,
      history: historyOf(contract),
    };
  });

/** The text of `docs/contracts.md`. */
export function catalogueMarkdown(contracts: readonly Contract[] = CONTRACTS): string {
  const described = contractList(contracts);
  return `${[INTRODUCTION, topicTable(described), envelopeSection(described.find(({ schema }) => schema.properties?.eventId && schema.properties.data)), ...described.map(topicSection)].join("\n\n")}\n`;
}

const INTRODUCTION = `# Contracts

<!-- Generated from src/shared/contracts by scripts/generate-contracts.ts. Change a contract, then generate again. -->

Every topic that Concord consumes, and the schema of its records. A topic is named \
\`device.{sourceType}.{entity}.{action}\` and is never renamed. A device's key is \`{source}:{deviceId}\`.

Members that a contract does not name are ignored and not stored, among them \`_kafka_topic\`, \
\`_kafka_partition\`, \`_kafka_offset\` and \`_kafka_timestamp\`, which a connector may add. A \`date-time\` is RFC 3339 \
with an offset and is kept in UTC. **PII** marks personal data.


A producer may say which version of a contract it writes, in the member \`contractVersion\` of the value or in the Kafka \
header \`concord-contract-version\`; without either it writes the current one. [evolving-contracts.md](evolving-contracts.md) \
says how a contract gets a new version, and what becomes of records of the old one. \
The same catalogue for tools: \`GET /contracts\`, and [asyncapi.json](asyncapi.json).`;

function topicTable(described: readonly ContractDescription[]): string {
  const rows = described.map(({ topic, version, summary, pii }) => [
    `[\`${topic}\`](#${toAnchor(topic)})`,
    String(version),
    pii.length > 0 ? "PII" : "",
    summary,
  ]);
  return `## Topics\n\n${table(["Topic", "Version", "", "Meaning"], rows)}`;
}

/** GitHub's anchor for a heading that is a topic in backticks. */
const toAnchor = (topic: string): string => topic.replaceAll(".", "");

function envelopeSection(any: ContractDescription | undefined): string {
  const members = any ? listFields(any.schema).filter(({ path }) => !path.startsWith("data")) : [];
  return `## Every value

\`{ eventId, occurredAt, deviceId, data }\`; the sections below list what is in \`data\`.

${fieldTable(members)}`;
}

function topicSection({
  topic,
  version,
  summary,
  aliases,
  tombstone,
  schema,
  example,
  history,
}: ContractDescription): string {
  // Where the envelope is the source's own, all of it is listed.
  const described = schema.properties?.eventId && schema.properties.data ? schema.properties.data : schema;
  const former = aliases.map((alias) => `\`${alias.topic}\` (read until ${alias.until})`).join(", ");
  return [
    `## \`${topic}\``,
    `${summary} Version ${version}${dateOf(history[0])}.${former && ` Formerly ${former}.`}`,
    ...(tombstone ? ["A record without a value whose key is the device id removes the device's registration."] : []),
    ...(history.length > 1 ? [historyLines(history).join("\n")] : []),
    fieldTable(listFields(described)),
    `\`\`\`json\n${JSON.stringify(example, null, 2)}\n\`\`\``,
  ].join("\n\n");
}

const dateOf = (current: VersionDescription | undefined): string => (current?.date ? `, ${current.date}` : "");

function fieldTable(fields: readonly Field[]): string {
  const rows = fields.map(({ path, required, schema }) => [
    `\`${path}\``,
    describeType(schema),
    required ? "required" : "",
    isPii(schema) ? "PII" : "",
    [describeLimits(schema), schema.description].filter(Boolean).join(". "),
  ]);
  return table(["Member", "Type", "", "", "Limits and meaning"], rows);
}

function describeType({ type = "any", items, format }: JsonSchema): string {
  if (items) return `${describeType(items)}[]`;
  return format ?? type;
}

function describeLimits(schema: JsonSchema): string {
  const { minLength, maxLength, minimum, maximum, maxItems, items, format, pattern } = schema;
  const limits = [
    schema.enum?.map((value) => `\`${value}\``).join(", "),
    maxLength !== undefined && `${minLength === undefined ? "at most " : `${minLength}–`}${maxLength} characters`,
    // Zod adds the safe-integer bounds to every integer; they are no limit of ours.
    minimum !== undefined && Number.MIN_SAFE_INTEGER < minimum && `${minimum} to ${maximum}`,
    maxItems !== undefined && `at most ${maxItems}`,
    items && describeLimits(items) && `each ${describeLimits(items)}`,
    // The pattern of a format adds nothing to its name.
    pattern !== undefined && format === undefined && `\`${pattern}\``,
  ];
  return limits.filter(Boolean).join("; ");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
