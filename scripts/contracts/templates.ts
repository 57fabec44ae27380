import { contractNameOf } from "#contracts/topic.ts";

/** A topic that can be written: its file, its line of imports, and what its test expects. */
export type TopicTemplate = {
  /** `alert.raised` */
  readonly name: string;
  /** The name of the shared shape, and the file of src/shared/contracts/entities that has it; absent: a shape of its own. */
  readonly shape?: readonly [name: string, file: string];
  /** Source text of the example, and of what its test expects of the change. */
  readonly example: string;
  readonly change: string;
};

const CUSTOMER = '{ customerId: "C-1", name: "Nordic Foods", email: "office@nordic.example" }';
const DEALER = '{ dealerId: "D-1", name: "Arctic Air", phone: "+1 612 555 0110" }';

/** The topics of each entity, as Concord's own sources have them. */
export const ENTITIES: Readonly<Record<string, readonly TopicTemplate[]>> = {
  registration: [
    {
      name: "registration.created",
      shape: ["registrationCreated", "registration"],
      example: `{ model: "T-1", serialNumber: "SN-1", registeredAt: "2026-03-02T09:15:00Z", customer: ${CUSTOMER} }`,
      change: '{ registration: { kind: "registered", model: "T-1", serialNumber: "SN-1" } }',
    },
    {
      name: "registration.removed",
      shape: ["registrationRemoved", "registration"],
      example: '{ reason: "replaced" }',
      change: '{ registration: { kind: "removed", reason: "replaced" } }',
    },
  ],
  customer: [
    {
      name: "customer.assigned",
      shape: ["customerAssigned", "customer"],
      example: `{ customer: ${CUSTOMER} }`,
      change: '{ customer: { customerId: "C-1" } }',
    },
  ],
  dealer: [
    {
      name: "dealer.assigned",
      shape: ["dealerAssigned", "dealer"],
      example: `{ dealer: ${DEALER} }`,
      change: '{ dealer: { dealerId: "D-1" } }',
    },
    {
      name: "dealer.unassigned",
      shape: ["dealerUnassigned", "dealer"],
      example: '{ reason: "owner request" }',
      change: "{ dealer: null }",
    },
  ],
  profile: [
    {
      name: "profile.updated",
      shape: ["profileUpdated", "profile"],
      example: '{ name: "Lobby", firmware: "1.0.0" }',
      change: '{ profile: { name: "Lobby", firmware: "1.0.0" } }',
    },
  ],
  status: [
    {
      name: "status.reported",
      shape: ["statusReported", "status"],
      example: '{ online: true, mode: "heat", indoorTemperatureC: 20.5 }',
      change: '{ status: { online: true, mode: "heat", indoorTemperatureC: 20.5 } }',
    },
  ],
  alert: [
    {
      name: "alert.raised",
      shape: ["alertRaised", "alert"],
      example: '{ alertId: "A-1", code: "LOW-TEMP", severity: "warning", text: "The room is too cold." }',
      change: '{ alert: { alertId: "A-1", details: { severity: "warning" }, progress: { kind: "raised" } } }',
    },
    {
      name: "alert.acknowledged",
      shape: ["alertAcknowledged", "alert"],
      example: '{ alertId: "A-1" }',
      change: '{ alert: { alertId: "A-1", acknowledgement: { kind: "acknowledged" } } }',
    },
    {
      name: "alert.cleared",
      shape: ["alertCleared", "alert"],
      example: '{ alertId: "A-1", resolution: "heating on" }',
      change: '{ alert: { alertId: "A-1", progress: { kind: "cleared", resolution: "heating on" } } }',
    },
  ],
  twin: [
    {
      name: "twin.desired",
      shape: ["twinDesired", "twin"],
      example: '{ mode: "heat", heatSetpointC: 20.5 }',
      change: '{ desired: { mode: "heat", heatSetpointC: 20.5 } }',
    },
  ],
};

/** A topic with a shape of its own, which is to be replaced by what the source sends. */
export const ownTopic = (name: string): TopicTemplate => ({
  name,
  example: "{ online: true }",
  change: "{ status: { online: true } }",
});

export const fileOf = ({ name }: TopicTemplate): string => name.replace(".", "-");

export function contractText(source: string, template: TopicTemplate): string {
  const { name, shape, example } = template;
  const exported = contractNameOf(source, fileOf(template));
  if (shape)
    return `import { defineContract } from "../define.ts";
import { ${shape[0]} } from "../entities/${shape[1]}.ts";

export const ${exported} = defineContract({
  topic: "device.${source}.${name}",
  ...${shape[0]},
  example: ${example},
});
`;
  return `import * as z from "zod";
import { defineContract } from "../define.ts";

// Replace the members by those that ${source} sends: ../fields.ts has shapes that sources share, ../mapping.ts what
// converts units, times and words. \`toChange\` says what an event does to a device.
export const ${exported} = defineContract({
  topic: "device.${source}.${name}",
  summary: "What an event of this topic says, in one sentence.",
  data: z.object({ online: z.boolean() }),
  toChange: ({ online }) => ({ status: { online } }),
  example: ${example},
});
`;
}

export type NewSource = {
  readonly source: string;
  readonly title: string;
  readonly precedence: number;
  readonly topics: readonly TopicTemplate[];
};

export function sourceText({ source, title, precedence, topics }: NewSource): string {
  const has = (name: string) => topics.some((topic) => topic.name === name);
  return `import { defineSource } from "../define-source.ts";

export const ${source} = defineSource({
  name: "${source}",
  title: ${JSON.stringify(title)},
  // Readers see the records of dealers and customers of sources with a lower number first.
  precedence: ${precedence},
  takes: { acknowledgeAlert: ${has("alert.acknowledged")}, setDesiredState: ${has("twin.desired")} },
  example: { occurredAt: "2026-11-23T13:00:00.123Z", deviceId: "${source.toUpperCase()}-1" },
});
`;
}

export function testText({ source, topics }: NewSource): string {
  const rows = topics.map(({ name, change }) => `["${name}", ${change}],`);
  return `import { expect, it } from "vitest";
import { eventIn, parse } from "../../../../test/support/contract-records.ts";
import type { Contract } from "../define.ts";
import { exampleValue } from "../describe.ts";
import { findContract } from "../index.ts";
import { ${source} } from "./source.ts";

it.each([
  ${rows.join("\n  ")}
])("the example of ${source}'s %s changes what it says", (name, change) => {
  const topic = \`device.${source}.\${name}\`;
  const event = eventIn(parse(topic, exampleValue(findContract(topic, 0) as Contract)));
  expect(event.deviceKey).toBe(\`${source}:\${${source}.example.deviceId}\`);
  expect(event.change).toMatchObject(change);
});
`;
}
