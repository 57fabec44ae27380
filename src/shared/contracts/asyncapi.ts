import type { Contract } from "./define.ts";
import { exampleValue, type JsonSchema, toJsonSchema } from "./describe.ts";
import { historyOf } from "./history.ts";
import { CONTRACTS } from "./index.ts";
import { contractNameOf } from "./topic.ts";

const DESCRIPTION = `The topics that Concord consumes, one channel each. Generated from the contracts in \
\`src/shared/contracts\`, which also validate every record at ingest.

The addresses are Kafka topics of the source systems. No server is named here: the brokers are the sources' own, and \
Concord receives their records over HTTP, from a REST proxy, an HTTP sink connector or its own bridge.

Every value is \`{ eventId, occurredAt, deviceId, data }\`, but for sources that have these elsewhere. Members that a schema does not name are tolerated and not \
stored. \`x-pii: true\` marks personal data; \`x-contract-version\` counts up with every change that readers could \
notice, and \`x-contract-history\` has what each changed; \`x-aliases\` lists former topic names with the date on which each stops being read.`;

/** All topics as an AsyncAPI 3.0.0 document, for tools that show them, validate records or generate producers. */
export function asyncApiDocument(contracts: readonly Contract[] = CONTRACTS): object {
  const schemas = contracts.map((contract) => ({ contract, schema: toJsonSchema(contract) }));
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Concord device events",
      version: "1.0.0",
      description: DESCRIPTION,
      license: { name: "MIT" },
    },
    defaultContentType: "application/json",
    channels: byName(contracts, toChannel),
    operations: byName(contracts, toOperation),
    components: {
      messages: Object.fromEntries(schemas.map((each) => [contractName(each.contract), toMessage(each)])),
      schemas: envelopeSchemas(schemas.find(({ contract }) => !contract.places)?.schema ?? {}),
    },
  };
}

/** `device.infinity.dealer.setup` → `infinityDealerSetup`, the name that its contract has in the code. */
export const contractName = ({ source, entity, action }: Contract): string =>
  contractNameOf(source, `${entity}-${action}`);

const byName = (contracts: readonly Contract[], describe: (contract: Contract) => object): Record<string, object> =>
  Object.fromEntries(contracts.map((contract) => [contractName(contract), describe(contract)]));

function toChannel(contract: Contract): object {
  const { topic, summary, aliases } = contract;
  const name = contractName(contract);
  return {
    address: topic,
    summary,
    messages: { [name]: { $ref: `#/components/messages/${name}` } },
    ...(aliases.length > 0 && { "x-aliases": aliases }),
  };
}

function toOperation(contract: Contract): object {
  const channel = `#/channels/${contractName(contract)}`;
  return {
    action: "receive",
    channel: { $ref: channel },
    summary: contract.summary,
    messages: [{ $ref: `${channel}/messages/${contractName(contract)}` }],
  };
}

function toMessage({ contract, schema }: { contract: Contract; schema: JsonSchema }): object {
  return {
    name: contractName(contract),
    title: contract.topic,
    summary: contract.summary,
    contentType: "application/json",
    "x-contract-version": contract.version,
    "x-contract-history": historyOf(contract),
    payload: contract.places ? schema : { ...schema, properties: { ...ENVELOPE_REFS, data: schema.properties?.data } },
    examples: [{ name: `${contractName(contract)}Example`, payload: exampleValue(contract) }],
  };
}

/** The members beside `data` are the same in every value, so they are defined once. */
const ENVELOPE_MEMBERS = ["eventId", "occurredAt", "deviceId"] as const;

const ENVELOPE_REFS = Object.fromEntries(
  ENVELOPE_MEMBERS.map((member) => [member, { $ref: `#/components/schemas/${member}` }]),
);

const envelopeSchemas = ({ properties }: JsonSchema): object =>
  Object.fromEntries(ENVELOPE_MEMBERS.map((member) => [member, properties?.[member]]));
