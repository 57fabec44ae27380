import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { exampleValue } from "#contracts/describe.ts";
import { CONTRACTS, findContract } from "#contracts/index.ts";
import { parseRecord } from "#contracts/parse.ts";
import type { ConcordEvent } from "#domain/event.ts";
import { toVersion } from "#domain/version.ts";
import { type StreamRow, toStreamRow } from "./stream-row.ts";
import { streamSchema } from "./stream-schema.ts";

const NOW_MS = Date.UTC(2026, 10, 27, 9);

const rowOf = (event: ConcordEvent): StreamRow =>
  toStreamRow({
    record: { receipt: "p.0", receivedAtMs: NOW_MS },
    ...{ event, outcome: "applied", settledAtMs: NOW_MS + 5, lane: "live" },
  });

const eventOf = (topic: string, data: unknown): ConcordEvent => ({
  ...{ topic, deviceKey: "elt:t-1", eventId: "e-1", occurredAtMs: NOW_MS, version: toVersion(NOW_MS, "e-1") },
  ...{ data, change: {} },
});

/** What Cloudflare's stream checks of a row: https://developers.cloudflare.com/pipelines/streams/manage-streams/ */
type Field = {
  name: string;
  type: string;
  required: boolean;
  items?: Omit<Field, "name" | "required">;
  fields?: Field[];
};

function problemsOf(value: unknown, { type, items, fields }: Omit<Field, "name" | "required">, at: string): string[] {
  switch (type) {
    case "json":
      return [];
    case "int64":
      return Number.isSafeInteger(value) ? [] : [`${at}: no int64`];
    case "float64":
      return typeof value === "number" ? [] : [`${at}: no float64`];
    case "bool":
      return typeof value === "boolean" ? [] : [`${at}: no bool`];
    case "timestamp":
      return z.iso.datetime({ offset: true }).safeParse(value).success ? [] : [`${at}: no timestamp`];
    case "string":
      return typeof value === "string" ? [] : [`${at}: no string`];
    case "list":
      return Array.isArray(value)
        ? value.flatMap((each, i) => problemsOf(each, items as Field, `${at}[${i}]`))
        : [`${at}: no list`];
    case "struct":
      return rowProblems(value as StreamRow, fields ?? [], `${at}.`);
    default:
      return [`${at}: the unknown type ${type}`];
  }
}

const rowProblems = (row: StreamRow, fields: readonly Field[], at = ""): string[] => [
  ...Object.keys(row).flatMap((name) =>
    fields.some((field) => field.name === name) ? [] : [`${at}${name}: undeclared`],
  ),
  ...fields.flatMap((field) => {
    const value = row[field.name];
    if (value === undefined || value === null) return field.required ? [`${at}${field.name}: missing`] : [];
    return problemsOf(value, field, `${at}${field.name}`);
  }),
];

const written = JSON.parse(readFileSync("docs/analytics/stream-schema.json", "utf8")) as { fields: Field[] };

describe("the stream of settled records", () => {
  it.each(CONTRACTS.map((contract) => [contract.topic, contract] as const))(
    "takes the example of %s",
    (topic, contract) => {
      const parsed = parseRecord({ topic, value: JSON.stringify(exampleValue(contract)) }, NOW_MS + 400 * 86_400_000);
      if (!parsed.ok) throw new Error(JSON.stringify(parsed.rejection));
      const row = rowOf(parsed.event);
      expect(rowProblems(row, written.fields)).toEqual([]);
      expect(row.topic).toBe(topic);
    },
  );

  it("has the values of an event in a typed column and in `data`", () => {
    const row = rowOf(
      eventOf("device.elt.status.reported", { online: true, indoorTemperatureC: 21, equipment: ["fan"] }),
    );
    expect(row.status_reported).toEqual({ online: true, indoorTemperatureC: 21, equipment: ["fan"] });
    expect(row.data).toEqual(row.status_reported);
    expect(row.occurred_at).toBe("2026-11-27T09:00:00.000Z");
  });

  it("has no personal value, and no member that no contract declares", () => {
    const registration = {
      ...{ model: "ELT-450", serialNumber: "SN-1", registeredAt: "2026-11-01T00:00:00Z", nickname: "canary-0" },
      customer: { customerId: "C-1", name: "canary-1", email: "canary-2", phone: "canary-3" },
      location: {
        country: "US",
        city: "canary-4",
        postalCode: "canary-5",
        latitude: 1,
        longitude: 2,
        street: "canary-6",
      },
    };
    const events = [
      eventOf("device.elt.registration.created", registration),
      eventOf("device.elt.profile.updated", { name: "canary-7", model: "ELT-450" }),
      eventOf("device.elt.twin.desired", {
        mode: "heat",
        by: { role: "dealer", subject: "canary-8", dealerId: "D-1" },
      }),
      eventOf("device.nobody.knows.it", { name: "canary-9" }),
    ];
    const rows = events.map(rowOf);
    expect(JSON.stringify(rows)).not.toContain("canary");
    expect(rows[0]?.registration_created).toEqual({
      ...{ model: "ELT-450", serialNumber: "SN-1", registeredAt: "2026-11-01T00:00:00Z" },
      ...{ customer: { customerId: "C-1" }, location: { country: "US" } },
    });
    expect(rows[2]?.twin_desired).toEqual({ mode: "heat", by: { role: "dealer", dealerId: "D-1" } });
  });

  it("is described by the file that `npm run generate` writes", () => {
    expect(streamSchema()).toEqual(written);
    const names = written.fields.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it("gives a member that two sources have differently a type that holds both", () => {
    const contractOf = (topic: string, member: z.ZodType) => {
      const contract = findContract(topic, NOW_MS);
      if (!contract) throw new Error(topic);
      const data = z.object({ member: member.optional() });
      return { ...contract, data, value: z.object({ data }) as never, earlier: [] };
    };
    const typeOf = (one: z.ZodType, other: z.ZodType) => {
      const contracts = [
        contractOf("device.elt.status.reported", one),
        contractOf("device.ecobee.status.reported", other),
      ];
      const column = streamSchema(contracts).fields.find(({ name }) => name === "status_reported");
      return column?.type === "struct" ? column.fields[0]?.type : undefined;
    };
    expect(typeOf(z.number(), z.int())).toBe("float64");
    expect(typeOf(z.string(), z.enum(["a"]))).toBe("string");
    expect(typeOf(z.string(), z.number())).toBe("json");
    expect(typeOf(z.object({ a: z.string() }), z.object({ b: z.string() }))).toBe("struct");
    expect(typeOf(z.array(z.int()), z.array(z.number()))).toBe("list");
  });
});
