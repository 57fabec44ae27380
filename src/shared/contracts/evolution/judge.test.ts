import { describe, expect, it } from "vitest";
import * as z from "zod";
import type { Change } from "#domain/change.ts";
import { type Contract, type ContractSpec, defineContract } from "../define.ts";
import { DeviceId, toValueSchema } from "../envelope.ts";
import { upcastFrom } from "../versions.ts";
import { type Compared, judge } from "./judge.ts";
import { parseReleased, printReleased, toReleased } from "./release.ts";

const TODAY_MS = Date.UTC(2026, 11, 1);

const shape = {
  name: z.string().min(1).max(200).meta({ pii: true }),
  mode: z.enum(["heat", "cool", "off"]),
  percent: z.number().min(0).max(100),
  code: z
    .string()
    .regex(/^[A-Za-z0-9]+$/)
    .max(16)
    .optional(),
  parts: z.array(z.string().min(1).max(64)).max(32).optional(),
  place: z.object({ city: z.string().max(20).optional(), country: z.string().max(20) }).optional(),
};
type Data = z.output<ReturnType<typeof z.object<typeof shape>>>;

const toChange = ({ name, mode, percent, parts }: Partial<Data>): Change => ({
  profile: { name: name ?? "", ...(parts && { features: parts }) },
  status: { online: true, humidityPct: percent ?? 0, ...(mode && { mode: mode as "heat" }) },
});

const example = { name: "Hall", mode: "heat", percent: 40.5, code: "A1", parts: ["fan"], place: { country: "US" } };

type Spec = Partial<ContractSpec<"device.elt.filter.worn", z.ZodType>>;

const contract = (spec: Spec = {}): Contract =>
  defineContract({
    topic: "device.elt.filter.worn",
    summary: "",
    data: z.object(shape) as z.ZodType,
    toChange: toChange as never,
    tombstone: { registration: { kind: "removed" } },
    aliases: [{ topic: "device.elt.filter.old", until: "2027-01-01" }],
    example,
    ...spec,
  });

/** As its file has it. */
const released = parseReleased(printReleased(toReleased(contract())));

const judged = (now: Contract | undefined, more: Partial<Compared> = {}) =>
  judge({ last: released, contract: now, todayMs: TODAY_MS, ...more });

/** The contract with other members, `undefined` for one that is gone; counted up, and version 1 is not converted. */
const changed = (members: Record<string, z.ZodType | undefined>, spec: Spec = {}) =>
  contract({ version: 2, earlier: [{ version: 1, changed: "x" }], data: schemaWith(members), ...spec });

const schemaWith = (members: Record<string, z.ZodType | undefined>): z.ZodType =>
  z.object(
    Object.fromEntries(
      Object.entries({ ...shape, ...members }).flatMap(([name, type]) => (type ? [[name, type]] : [])),
    ),
  );

const dataIn = ({ problems }: ReturnType<typeof judge>) =>
  (problems[0]?.counterexample?.value as { data: object } | undefined)?.data;

describe("a change that every event of the release survives", () => {
  it("is none if only words changed", () => {
    expect(judged(contract({ summary: "other words" }))).toMatchObject({ verdict: "unchanged", problems: [] });
  });

  it.each([
    ["an optional member is added", { note: z.string().optional() }, "data.note was added"],
    ["a member becomes optional", { percent: shape.percent.optional() }, "data.percent may be missing"],
    [
      "an enum is widened",
      { mode: z.enum(["heat", "cool", "off", "dry"]) },
      "consumers may see what is new: data.mode may be dry",
    ],
    ["a bound is loosened", { percent: z.number().min(-10).max(100) }, "data.percent minimum: was 0, is -10"],
    [
      "a member is marked as personal",
      { code: shape.code.meta({ pii: true }) },
      "data.code is marked as personal data",
    ],
  ])("is compatible: %s", (_, members, note) => {
    const { verdict, problems, notes } = judged(changed(members));
    expect({ verdict, problems }).toEqual({ verdict: "compatible", problems: [] });
    expect(notes).toContain(note);
  });

  it("has to be counted up", () => {
    const { verdict, problems } = judged(contract({ data: z.object({ ...shape, note: z.string().optional() }) }));
    expect(verdict).toBe("compatible");
    expect(problems).toMatchObject([
      { what: expect.stringContaining("its version is 1, which is released. Raise it") },
    ]);
  });
});

describe("a change that breaks an event of the release", () => {
  const REQUIRED = ["mode", "name", "percent"];

  it.each<[string, Record<string, z.ZodType>, object, more?: string]>([
    ["a required member is added", { serial: z.string() }, {}],
    ["an optional member becomes required", { code: z.string() }, {}],
    ["an enum is narrowed", { mode: z.enum(["heat", "cool"]) }, { mode: "off" }],
    ["a lower bound is tightened", { percent: z.number().min(7).max(100) }, { percent: 6 }],
    ["an upper bound is tightened", { percent: z.number().min(0).max(60) }, { percent: 61 }],
    ["text may be less long", { name: z.string().min(1).max(50) }, { name: "x".repeat(51) }],
    ["text may be less short", { name: z.string().min(3).max(200) }, { name: "x" }],
    [
      "a pattern is tightened",
      {
        code: z
          .string()
          .regex(/^[A-Z]+$/)
          .optional(),
      },
      { code: "0" },
      "code",
    ],
    [
      "a list may have fewer elements",
      { parts: z.array(z.string()).max(4).optional() },
      { parts: Array(5).fill("fan") },
      "parts",
    ],
    ["a type is another", { percent: z.string() }, {}],
    ["a check is added", { name: shape.name.refine((text) => text === text.trim()) }, { name: " " }],
    [
      "a member within is required",
      { place: z.object({ city: z.string(), country: z.string() }).optional() },
      { place: { country: "" } },
      "place",
    ],
  ])("is found with the smallest such event: %s", (_, members, decisive, more) => {
    const judgement = judged(changed(members));
    expect(judgement.verdict).toBe("breaking");
    expect(judgement.problems[0]?.what).toBe(
      "an event of version 1 is refused now, and its upcaster does not cover it",
    );
    expect(dataIn(judgement)).toMatchObject(decisive);
    // No member is there that need not be.
    expect(Object.keys(dataIn(judgement) ?? {}).sort()).toEqual([...REQUIRED, ...(more ? [more] : [])].sort());
  });

  it("is found without what it does not need, where a check across members is added", () => {
    const data = schemaWith({}).refine((all) => !("code" in (all as object) && (all as Data).percent === 0));
    const judgement = judged(contract({ version: 2, earlier: [{ version: 1, changed: "" }], data }));
    expect(judgement.verdict).toBe("breaking");
    expect(Object.keys(dataIn(judgement) ?? {}).sort()).toEqual(["code", ...REQUIRED].sort());
    expect(dataIn(judgement)).toMatchObject({ percent: 0 });
  });

  it.each<[string, Record<string, z.ZodType | undefined>, Spec, object]>([
    [
      "the same schema means another change",
      {},
      {
        toChange: ((data: Data) => ({
          ...toChange(data),
          status: { online: true, humidityPct: data.percent / 2 },
        })) as never,
      },
      { was: { status: { humidityPct: 0, mode: "heat" } }, now: { status: { humidityPct: 0 } } },
    ],
    [
      "an optional member is renamed",
      { parts: undefined, features: shape.parts },
      {
        toChange: (({ features, ...data }: Data & { features: string[] }) =>
          toChange({ ...data, parts: features })) as never,
      },
      { was: { profile: { features: [] } }, now: { profile: {} } },
    ],
    [
      "a member that only the history has is gone",
      {
        code: undefined,
      },
      {},
      { was: { history: { code: expect.any(String) } } },
    ],
  ])("is found as another reading: %s", (_, members, spec, readings) => {
    const { verdict, problems } = judged(changed(members, spec));
    expect(verdict).toBe("breaking");
    expect(problems[0]).toMatchObject({
      what: expect.stringContaining("is read differently now"),
      counterexample: readings,
    });
  });

  it("is found for a tombstone, an alias that ends early, and a mark of personal data", () => {
    const tombstone = judged(
      contract({ version: 2, earlier: [{ version: 1, changed: "" }], tombstone: undefined as never }),
    );
    expect(tombstone.problems).toMatchObject([
      {
        what: expect.stringContaining("a record without a value"),
        counterexample: { value: null, was: { registration: { kind: "removed" } } },
      },
    ]);
    const alias = judged(changed({}, { aliases: [{ topic: "device.elt.filter.old", until: "2026-12-24" }] }));
    expect(alias.problems).toMatchObject([
      { what: expect.stringContaining("was to be read until 2027-01-01, and ends on 2026-12-24") },
    ]);
    const unmarked = judged(changed({ name: z.string().min(1).max(200) }));
    expect(unmarked.problems).toMatchObject([
      { what: "data.name is no longer marked as personal data", counterexample: { was: "masked", now: "shown" } },
    ]);
  });

  it("is not the end of an alias on its day", () => {
    expect(judged(changed({}, { aliases: [] }), { todayMs: Date.UTC(2027, 0, 1) }).problems).toEqual([]);
  });

  it("is a topic that is gone, with an event that its producers still send", () => {
    const { verdict, problems } = judged(undefined);
    expect(verdict).toBe("gone");
    expect(problems[0]?.counterexample?.value).toMatchObject({ deviceId: expect.any(String), data: { mode: "heat" } });
  });

  it("is a topic that became an alias only if its events break", () => {
    const renamed = contract({ topic: "device.elt.filter.renamed" as never });
    expect(judged(renamed)).toMatchObject({
      problems: [],
      notes: ["is read as an alias of device.elt.filter.renamed"],
    });
  });
});

describe("a source with an envelope of its own", () => {
  const places = { deviceId: { at: "device.id", as: DeviceId }, data: null };
  const foreign = (data: z.ZodType, spec: Spec = {}): Contract => {
    const own = contract({ data, ...spec });
    return { ...own, places, value: toValueSchema(data, places) as never };
  };
  const last = parseReleased(printReleased(toReleased(foreign(z.object(shape)))));

  it("is compared by values as it writes them", () => {
    expect(last.events.length).toBeGreaterThan(30);
    expect(judge({ last, contract: foreign(z.object(shape)), todayMs: TODAY_MS })).toMatchObject({
      verdict: "unchanged",
      problems: [],
    });
    const spec = { version: 2, earlier: [{ version: 1, changed: "" }] };
    const required = foreign(schemaWith({ code: z.string() }), spec);
    const { problems } = judge({ last, contract: required, todayMs: TODAY_MS });
    expect(problems[0]?.counterexample?.value).toEqual({
      ...{ eventId: expect.any(String), occurredAt: expect.any(String), device: { id: expect.any(String) } },
      ...{ name: expect.any(String), mode: "heat", percent: expect.any(Number) },
    });
  });

  it("is compared by its places too", () => {
    const moved = { ...contract({ version: 2, earlier: [{ version: 1, changed: "" }] }) };
    expect(judge({ last, contract: moved, todayMs: TODAY_MS }).verdict).toBe("breaking");
  });
});

describe("an upcaster", () => {
  const withShare = schemaWith({ percent: undefined, share: z.number().min(0).max(1) });
  const toShare = (data: { share: number }) => toChange({ ...data, percent: data.share * 100 } as never);
  const upcast = (up: (data: Data) => unknown, reviewed?: string) =>
    contract({
      version: 2,
      data: withShare,
      toChange: toShare as never,
      example: { ...example, percent: undefined, share: 0.4 },
      earlier: [
        upcastFrom({ version: 1, data: z.object(shape), up, changed: "a share", ...(reviewed && { reviewed }) }),
      ],
    });

  it("that covers every event of the release makes a breaking change pass, and says what producers have to do", () => {
    const { verdict, problems, notes } = judged(upcast(({ percent, ...data }) => ({ ...data, share: percent / 100 })));
    expect({ verdict, problems }).toEqual({ verdict: "upcast", problems: [] });
    expect(notes).toContain(
      "producers that send the released version have to declare it, or change before this is deployed",
    );
  });

  it("that makes data that is refused, or throws, does not cover it", () => {
    const refused = judged(upcast(({ percent, ...data }) => ({ ...data, share: percent })));
    expect(refused.problems[0]?.what).toBe("an event of version 1 is refused now, and its upcaster does not cover it");
    const throws = judged(
      upcast(() => {
        throw new Error("no");
      }),
    );
    expect(throws.verdict).toBe("breaking");
  });

  it("that brings a device into another state does not cover it, unless its author has reviewed that", () => {
    const wrong = ({ percent, ...data }: Data) => ({ ...data, share: percent / 200 });
    expect(judged(upcast(wrong)).problems[0]?.what).toContain("is read differently now");
    expect(judged(upcast(wrong, "it was counted twice"))).toMatchObject({
      verdict: "breaking",
      problems: [],
      reviewed: "it was counted twice",
    });
  });

  it("has to cover the versions before the last release too, as long as the contract reads them", () => {
    const second = upcast(({ percent, ...data }) => ({ ...data, share: percent / 100 }));
    const last = toReleased(second);
    const third = {
      ...second,
      version: 3,
      earlier: [
        { ...second.earlier[0], up: () => ({}) },
        { version: 2, changed: "" },
      ],
    } as Contract;
    const { problems } = judge({ last, before: [released], contract: third, todayMs: TODAY_MS });
    expect(problems.map(({ what }) => what)).toEqual([expect.stringContaining("an event of version 1 is refused now")]);
    const forgotten = { ...third, earlier: [{ version: 2, changed: "" }] };
    expect(judge({ last, before: [released], contract: forgotten, todayMs: TODAY_MS }).problems).toEqual([]);
  });
});
