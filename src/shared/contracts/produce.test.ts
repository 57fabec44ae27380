import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contentId } from "./content-id.ts";
import { CONTRACTS } from "./index.ts";
import { MAX_AHEAD_MS, parseRecord } from "./parse.ts";
import { buildRecord, type EventInput, InvalidEvent, safeBuildRecord, type Topic } from "./produce.ts";

const NOW_MS = Date.UTC(2026, 10, 23, 13);
const AT = "2026-11-23T12:00:00.123456Z";
const status = { deviceId: "ELT45-1", occurredAt: AT, data: { online: true } } as const;
const build = (input: Partial<EventInput<"device.elt.status.reported">> = {}) =>
  buildRecord("device.elt.status.reported", { ...status, ...input }, NOW_MS);

describe("a built record", () => {
  it("has the device's id as its key, the text of its value, the event's time, and what a reader makes of it", () => {
    const record = build({ eventId: "e-1", traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" });
    expect(record).toMatchObject({
      topic: "device.elt.status.reported",
      key: "ELT45-1",
      value: `{"eventId":"e-1","occurredAt":"${AT}","deviceId":"ELT45-1","data":{"online":true}}`,
      headers: {
        "content-type": "application/json",
        traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
      },
      timestampMs: Date.UTC(2026, 10, 23, 12) + 123,
    });
    expect(parseRecord(record, NOW_MS)).toEqual({ ok: true, event: record.event, version: 1 });
    // A record that is sent by an old build of this code stays readable when its contract has a new version.
    expect(record.headers).toMatchObject({ "concord-contract-version": "1" });
    expect(record.event.version).toBe("2026-11-23T12:00:00.123Z456/e-1");
  });

  it.each(CONTRACTS.map(({ topic, example }) => [topic, example]))("of %s is its contract's example", (topic, data) => {
    const built = safeBuildRecord(topic as Topic, { deviceId: "1", occurredAt: AT, data } as EventInput, NOW_MS);
    expect(built).toMatchObject({ ok: true, record: { topic, event: { topic, data } } });
  });

  it("takes its time from a Date as well as from text", () => {
    expect(build({ occurredAt: new Date(NOW_MS) }).value).toContain('"occurredAt":"2026-11-23T13:00:00.000Z"');
    expect(
      safeBuildRecord("device.elt.status.reported", { ...status, occurredAt: new Date(Number.NaN) }),
    ).toMatchObject({
      ok: false,
      issues: [{ path: "occurredAt", code: "invalid_format" }],
    });
  });
});

describe("the event id that is not given", () => {
  it("is the same for the same event, however its time and members are written", () => {
    const ids = [
      build(),
      build({ occurredAt: "2026-11-23T13:00:00.1234560+01:00" }),
      build({ data: { humidityPct: undefined, online: true } }),
    ].map(({ event }) => event.eventId);
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).toMatch(/^[0-9a-f]{32}$/);
    const two = { mode: "heat", online: true } as const;
    expect(build({ data: two }).event.eventId).toBe(build({ data: { online: true, mode: "heat" } }).event.eventId);
  });

  it("is another for another topic, device, time or data", () => {
    const others = [
      build(),
      build({ deviceId: "ELT45-2" }),
      build({ occurredAt: "2026-11-23T12:00:00.123457Z" }),
      build({ data: { online: false } }),
      buildRecord("device.infinity.status.reported", status, NOW_MS),
    ];
    expect(new Set(others.map(({ event }) => event.eventId)).size).toBe(others.length);
  });

  it("is FNV-1a of 128 bits over the content's UTF-16", () => {
    // Computed with another implementation: Python's integers, over JSON text encoded as UTF-16LE.
    expect(contentId({ b: "ü\u{1F600}", a: 1 })).toBe("4459a0b8a5c783f7ff0ce4792ca99232");
  });

  it("is another for any other content", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        expect(contentId(a) === contentId(b)).toBe(JSON.stringify(sorted(a)) === JSON.stringify(sorted(b)));
      }),
    );
  });
});

const sorted = (value: unknown): unknown =>
  value === null || typeof value !== "object"
    ? value
    : Array.isArray(value)
      ? value.map(sorted)
      : {
          members: Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([name, member]) => ({ name, member: sorted(member) })),
        };

describe("an event that its contract does not accept", () => {
  it("is a value with its issues, or thrown", () => {
    const bad = { ...status, data: { online: true, humidityPct: 101 } };
    const built = safeBuildRecord("device.elt.status.reported", bad, NOW_MS);
    expect(built).toMatchObject({ ok: false, issues: [{ path: "data.humidityPct", code: "too_big" }] });
    const thrown = (() => {
      try {
        return buildRecord("device.elt.status.reported", bad, NOW_MS);
      } catch (error) {
        return error;
      }
    })();
    expect(thrown).toBeInstanceOf(InvalidEvent);
    expect((thrown as InvalidEvent).issues).toEqual((built as { issues: unknown }).issues);
    expect((thrown as Error).message).toMatch(/nothing was built: data\.humidityPct: .*docs\/contracts\.md/);
  });

  it("may be too far ahead of the clock, or of a topic that JavaScript let through", () => {
    const ahead = { ...status, occurredAt: new Date(NOW_MS + MAX_AHEAD_MS + 1) };
    expect(safeBuildRecord("device.elt.status.reported", ahead, NOW_MS)).toMatchObject({
      issues: [{ path: "occurredAt", code: "clock_skew" }],
    });
    expect(safeBuildRecord("device.elt.status.gone" as Topic, status as EventInput, NOW_MS)).toMatchObject({
      issues: [{ path: "topic", code: "unknown_topic" }],
    });
  });

  it("has no value in its message, which may be personal data", () => {
    const data = { name: "x".repeat(201), model: 5 } as unknown as { name: string };
    const input = { deviceId: "1", occurredAt: AT, data };
    expect(() => buildRecord("device.elt.profile.updated", input, NOW_MS)).not.toThrow(/xxx/);
  });
});

// Each of these must fail to compile; they are not run.
export const wrongCalls = () => {
  // @ts-expect-error no such topic
  buildRecord("device.elt.status.gone", status);
  // @ts-expect-error data of another topic
  buildRecord("device.elt.alert.raised", status);
  // @ts-expect-error a member of the wrong type
  buildRecord("device.elt.status.reported", { ...status, data: { online: "yes" } });
  // @ts-expect-error a required member is missing
  buildRecord("device.elt.status.reported", { ...status, data: {} });
  // @ts-expect-error a value that the contract does not list
  buildRecord("device.ecobee.alert.acknowledged", { ...status, data: { acknowledgeRef: "a", acknowledgement: "ok" } });
  // @ts-expect-error a member that the contract does not name
  buildRecord("device.elt.status.reported", { ...status, data: { online: true, color: "red" } });
  // @ts-expect-error no time
  buildRecord("device.elt.status.reported", { deviceId: "1", data: { online: true } });
};
