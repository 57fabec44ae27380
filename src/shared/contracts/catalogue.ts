import type { Source } from "../domain/event.ts";
import type { Alias, Contract, Envelope } from "./define.ts";
import { exampleOf, type Field, fieldsOf, isPii, type JsonSchema, jsonSchemaOf, piiPathsOf } from "./describe.ts";
import { CONTRACTS } from "./index.ts";

/** A contract as plain JSON, for people and tools that have no TypeScript. */
export type ContractDescription = {
  readonly topic: string;
  readonly source: Source;
  readonly entity: string;
  readonly action: string;
  readonly version: number;
  readonly summary: string;
  readonly aliases: readonly Alias[];
  /** Whether a record without a value, whose key is the device id, removes what the topic says of the device. */
  readonly tombstone: boolean;
  /** Paths of the members that hold personal data, such as `data.customer.email`. */
  readonly pii: readonly string[];
  /** A whole record value. */
  readonly example: Envelope;
  /** JSON Schema, draft 7, of the record value. */
  readonly schema: JsonSchema;
};

/** What `GET /contracts` answers. */
export const contractList = (contracts: readonly Contract[] = CONTRACTS): ContractDescription[] =>
  contracts.map((contract) => {
    const { topic, source, entity, action, version, summary, aliases } = contract;
    const schema = jsonSchemaOf(contract);
    const tombstone = contract.tombstone !== undefined;
    const described = { topic, source, entity, action, version, summary, aliases, tombstone };
    return { ...described, pii: piiPathsOf(schema), example: exampleOf(contract), schema };
  });

/** The same for readers: `docs/contracts.md`. */
export function catalogueMarkdown(contracts: readonly Contract[] = CONTRACTS): string {
  const described = contractList(contracts);
  return `${[INTRODUCTION, topicTable(described), envelopeSection(described[0]), ...described.map(topicSection)].join("\n\n")}\n`;
}

const INTRODUCTION = `# Contracts

<!-- Generated from src/shared/contracts by scripts/generate-contracts.ts. Change a contract, then generate again. -->

Every topic that Concord reads, and what its records must look like. A topic is named \
\`device.{sourceType}.{entity}.{action}\` and is never renamed. A device's key is \`{source}:{deviceId}\`.

Members that a contract does not name are tolerated in reading and not stored, among them \`_kafka_topic\`, \
\`_kafka_partition\`, \`_kafka_offset\` and \`_kafka_timestamp\`, which a connector may add. A \`date-time\` is RFC 3339 \
with an offset and is kept in UTC. **PII** marks personal data. \
The same catalogue for tools: \`GET /contracts\`, and [asyncapi.json](asyncapi.json).`;

function topicTable(described: readonly ContractDescription[]): string {
  const rows = described.map(({ topic, version, summary, pii }) => [
    `[\`${topic}\`](#${anchorOf(topic)})`,
    String(version),
    pii.length > 0 ? "PII" : "",
    summary,
  ]);
  return `## Topics\n\n${table(["Topic", "Version", "", "Says"], rows)}`;
}

/** GitHub's anchor of a heading that is a topic in code marks. */
const anchorOf = (topic: string): string => topic.replaceAll(".", "");

function envelopeSection(any: ContractDescription | undefined): string {
  const members = any ? fieldsOf(any.schema).filter(({ path }) => !path.startsWith("data")) : [];
  return `## Every value

\`{ eventId, occurredAt, deviceId, data }\`; the sections below list what is in \`data\`.

${fieldTable(members)}`;
}

function topicSection({ topic, version, summary, aliases, tombstone, schema, example }: ContractDescription): string {
  const data = schema.properties?.data ?? {};
  const former = aliases.map((alias) => `\`${alias.topic}\` (read until ${alias.until})`).join(", ");
  return [
    `## \`${topic}\``,
    `${summary} Version ${version}.${former && ` Formerly ${former}.`}`,
    ...(tombstone ? ["A record without a value whose key is the device id removes the device's registration."] : []),
    fieldTable(fieldsOf(data)),
    `\`\`\`json\n${JSON.stringify(example, null, 2)}\n\`\`\``,
  ].join("\n\n");
}

function fieldTable(fields: readonly Field[]): string {
  const rows = fields.map(({ path, required, schema }) => [
    `\`${path}\``,
    typeOf(schema),
    required ? "required" : "",
    isPii(schema) ? "PII" : "",
    [limitsOf(schema), schema.description].filter(Boolean).join(". "),
  ]);
  return table(["Member", "Type", "", "", "Limits and meaning"], rows);
}

function typeOf({ type = "any", items, format }: JsonSchema): string {
  if (items) return `${typeOf(items)}[]`;
  return format ?? type;
}

function limitsOf(schema: JsonSchema): string {
  const { minLength, maxLength, minimum, maximum, maxItems, items, format, pattern } = schema;
  const limits = [
    schema.enum?.map((value) => `\`${value}\``).join(", "),
    maxLength !== undefined && `${minLength === undefined ? "at most " : `${minLength}–`}${maxLength} characters`,
    // What Zod adds to say "integer" tells a reader nothing.
    minimum !== undefined && Number.MIN_SAFE_INTEGER < minimum && `${minimum} to ${maximum}`,
    maxItems !== undefined && `at most ${maxItems}`,
    items && limitsOf(items) && `each ${limitsOf(items)}`,
    // The patterns of formats only spell the format out.
    pattern !== undefined && format === undefined && `\`${pattern}\``,
  ];
  return limits.filter(Boolean).join("; ");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
