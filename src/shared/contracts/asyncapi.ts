import type { Contract } from "./define.ts";
import { exampleOf, type JsonSchema, jsonSchemaOf } from "./describe.ts";
import { CONTRACTS } from "./index.ts";

const DESCRIPTION = `The topics that Concord reads, one channel each. Generated from the contracts in \
\`src/shared/contracts\`; the same contracts judge every record at ingest.

The addresses are Kafka topics of the source systems. No server is named here: the brokers are the sources' own, and \
Concord receives their records over HTTP, from a REST proxy, an HTTP sink connector or its own bridge.

Every value is \`{ eventId, occurredAt, deviceId, data }\`. Members that a schema does not name are tolerated and not \
stored. \`x-pii: true\` marks personal data; \`x-contract-version\` counts up with every change that readers could \
notice; \`x-aliases\` lists former topic names with the date on which each stops being read.`;

/** AsyncAPI 3.0.0 of all topics: what any AsyncAPI tool needs to show them, check records or write a producer. */
export function asyncApiDocument(contracts: readonly Contract[] = CONTRACTS): object {
  const schemas = contracts.map((contract) => ({ contract, schema: jsonSchemaOf(contract) }));
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Concord device events",
      version: "1.0.0",
      description: DESCRIPTION,
      license: { name: "MIT" },
    },
    defaultContentType: "application/json",
    channels: byName(contracts, channelOf),
    operations: byName(contracts, operationOf),
    components: {
      messages: Object.fromEntries(schemas.map((each) => [nameOf(each.contract), messageOf(each)])),
      schemas: schemas[0] ? envelopeSchemas(schemas[0].schema) : {},
    },
  };
}

/** `device.infinity.dealer.setup` → `infinityDealerSetup`, the name that its contract has in the code. */
export const nameOf = ({ source, entity, action }: Contract): string =>
  [source, entity, action]
    .flatMap((segment) => segment.split(/[_-]/))
    .map((word, i) => (i === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1)))
    .join("");

const byName = (contracts: readonly Contract[], describe: (contract: Contract) => object): Record<string, object> =>
  Object.fromEntries(contracts.map((contract) => [nameOf(contract), describe(contract)]));

function channelOf(contract: Contract): object {
  const { topic, summary, aliases } = contract;
  const name = nameOf(contract);
  return {
    address: topic,
    summary,
    messages: { [name]: { $ref: `#/components/messages/${name}` } },
    ...(aliases.length > 0 && { "x-aliases": aliases }),
  };
}

function operationOf(contract: Contract): object {
  const channel = `#/channels/${nameOf(contract)}`;
  return {
    action: "receive",
    channel: { $ref: channel },
    summary: contract.summary,
    messages: [{ $ref: `${channel}/messages/${nameOf(contract)}` }],
  };
}

function messageOf({ contract, schema }: { contract: Contract; schema: JsonSchema }): object {
  return {
    name: nameOf(contract),
    title: contract.topic,
    summary: contract.summary,
    contentType: "application/json",
    "x-contract-version": contract.version,
    payload: { ...schema, properties: { ...ENVELOPE_REFS, data: schema.properties?.data } },
    examples: [{ name: `${nameOf(contract)}Example`, payload: exampleOf(contract) }],
  };
}

/** The members beside `data` are the same in every value, so they are written once. */
const ENVELOPE_MEMBERS = ["eventId", "occurredAt", "deviceId"] as const;

const ENVELOPE_REFS = Object.fromEntries(
  ENVELOPE_MEMBERS.map((member) => [member, { $ref: `#/components/schemas/${member}` }]),
);

const envelopeSchemas = ({ properties }: JsonSchema): object =>
  Object.fromEntries(ENVELOPE_MEMBERS.map((member) => [member, properties?.[member]]));
