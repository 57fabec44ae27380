import { beforeEach, describe, expect, it, vi } from "vitest";
import { exampleValue, listPiiPaths, toJsonSchema } from "#contracts/describe.ts";
import { CONTRACTS } from "#contracts/index.ts";
import { DeadLetterRepository } from "#letters/repositories/dead-letter.ts";
import { bearerAt, emptyOps, env, FAILED_MS, letter, opsOf } from "./support.ts";

const letters = new DeadLetterRepository(env.DB);

/** Must not be in any answer for a viewer, or in a log line. */
const CANARY = "canary-7f3a";

beforeEach(async () => {
  vi.restoreAllMocks();
  await emptyOps();
});

/** Sets a value at a path such as `data.customer.email` or `data.features[]`. */
function plant(value: object, path: string): object {
  const planted = structuredClone(value) as Record<string, unknown>;
  const names = path.split(".");
  let at: Record<string, unknown> = planted;
  for (const [i, name] of names.entries()) {
    const isList = name.endsWith("[]");
    const member = isList ? name.slice(0, -2) : name;
    if (i === names.length - 1) at[member] = isList ? [CANARY] : CANARY;
    else {
      at[member] ??= isList ? [{}] : {};
      const next = at[member] as Record<string, unknown> | Record<string, unknown>[];
      at = (Array.isArray(next) ? next[0] : next) as Record<string, unknown>;
    }
  }
  return planted;
}

/** Letters with the canary in every place that must be masked. */
async function fillWithCanaries(): Promise<string[]> {
  const planted = CONTRACTS.flatMap((contract) => {
    const example = exampleValue(contract);
    const paths = listPiiPaths(toJsonSchema(contract));
    const places = [...paths, "data.nobodyKnows", "nobodyKnows", `data.${CANARY}`, `data.nested.${CANARY}`];
    return places.map((path) => ({ topic: contract.topic, value: JSON.stringify(plant(example, path)) }));
  });
  // A value that the contract refuses is not declared data.
  const wrong = [
    [
      "device.elt.status.reported",
      { data: { mode: CANARY, online: CANARY, indoorTemperatureC: CANARY, equipment: CANARY } },
    ],
    ["device.elt.status.reported", { data: CANARY }],
    ["device.elt.status.reported", CANARY],
    ["device.elt.status.reported", [CANARY]],
    ["device.elt.alert.raised", { data: { severity: CANARY, text: "x".repeat(500) + CANARY } }],
    ["device.elt.registration.created", { occurredAt: CANARY, data: { registeredAt: CANARY } }],
    ["device.elt.no.such", { data: { name: CANARY } }],
  ].map(([topic, value]) => ({ topic: topic as string, value: JSON.stringify(value) }));
  const raw = [
    { topic: "device.elt.status.reported", value: `{"name": "${CANARY}"` },
    { topic: "device.elt.status.reported", value: btoa(CANARY), encoding: "base64" as const },
  ];
  const all = [...planted, ...wrong, ...raw].map((record, i) =>
    letter(`m${i}`, {
      record: {
        ...record,
        key: CANARY,
        headers: [
          ["x-customer", btoa(CANARY)],
          ["source", CANARY],
        ],
        receivedAtMs: FAILED_MS,
      },
      failure: {
        reason: "schema_mismatch",
        issues: [{ path: `data.${CANARY}`, code: "custom", message: "Invalid input" }],
      },
      failedAtMs: FAILED_MS + i,
    }),
  );
  const error = { name: "SyntaxError", message: `Unexpected token 'c', "${CANARY} is not valid JSON` };
  await letters.park([...all, letter("fault", { failure: { reason: "fault", error } })]);
  return all.map(({ id }) => id);
}

describe("personal and undeclared data of a letter", { timeout: 60_000 }, () => {
  it("is in no answer for a viewer, is found by no search, and is in no log line", async () => {
    const logged: string[] = [];
    for (const level of ["log", "info", "warn", "error", "debug"] as const) {
      vi.spyOn(console, level).mockImplementation((...said) => void logged.push(said.map(String).join(" ")));
    }
    const ids = await fillWithCanaries();
    const { ask, post, patch, events } = opsOf();
    const admin = await bearerAt("admin");
    const operator = await bearerAt("operator");
    const edit = [
      { op: "add", path: "/data/name", value: CANARY },
      { op: "add", path: `/data/${CANARY}`, value: 1 },
    ];
    const renamed = letter("edited", {
      record: {
        topic: "device.elt.profile.updated",
        key: null,
        value: '{"eventId":"e","occurredAt":"2026-11-23T12:00:00Z","deviceId":"d","data":{}}',
        receivedAtMs: FAILED_MS,
      },
    });
    await letters.park([renamed]);
    expect((await patch("/ops/api/dead-letters/edited", { patch: edit, reason: "r", revision: 0 }, admin)).status).toBe(
      200,
    );
    await post("/ops/api/dead-letters/edited/replay", undefined, operator);
    expect(JSON.stringify(events.sent)).toContain(CANARY);

    const preview = await post(
      `/ops/api/groups/${(await letters.find("m0"))?.groupId}/edit`,
      { patch: edit, reason: "r" },
      admin,
    );
    expect(preview.body.samples.length).toBeGreaterThan(0);
    expect(preview.text).not.toContain(CANARY);

    const viewer = await bearerAt("viewer");
    const group = (await letters.find("edited"))?.groupId;
    const plan = await post("/ops/api/plans", { selection: { ids } }, operator);
    const pages = [
      "/ops",
      "/ops/api/me",
      "/ops/api/groups?first=100",
      `/ops/api/groups/${group}`,
      "/ops/api/runs",
      `/ops/api/runs/${plan.body.id}`,
      "/ops/api/audit?first=100",
      "/ops/api/summary",
      "/ops/api/outcomes",
      "/ops/metrics",
      ...["edited", ...ids].map((id) => `/ops/api/dead-letters/${id}`),
    ];
    for (let path: string | null = "/ops/api/dead-letters?first=100"; path; ) {
      pages.push(path);
      const cursor: string | null = (await ask("GET", path, { headers: viewer })).body.nextCursor;
      path = cursor && `/ops/api/dead-letters?first=100&after=${cursor}`;
    }
    const shown: string[] = [];
    for (const path of pages) {
      for (const headers of [viewer, operator]) {
        const { status, text } = await ask("GET", path, { headers });
        expect([path, status]).toEqual([path, 200]);
        if (text.includes(CANARY) || text.includes(btoa(CANARY))) shown.push(`${path}: ${text.slice(0, 600)}`);
      }
    }
    expect(shown).toEqual([]);
    for (const text of [CANARY, "canary", "7f3a"]) {
      expect((await ask("GET", `/ops/api/dead-letters?text=${text}`, { headers: viewer })).body.deadLetters).toEqual(
        [],
      );
    }
    for (const path of ["/ops/api/export", "/ops/api/dead-letters/m0?unmask=why"]) {
      const { status, text } = await ask("GET", path, { headers: viewer });
      expect([status, text.includes(CANARY)]).toEqual([403, false]);
    }
    expect(logged.filter((line) => line.includes(CANARY))).toEqual([]);
  });

  it("is shown byte by byte to an admin who gives a reason, and not without one", async () => {
    const [id] = await fillWithCanaries();
    const { get } = opsOf();
    const admin = await bearerAt("admin");
    expect((await get(`/ops/api/dead-letters/${id}`, admin)).text).not.toContain(CANARY);
    expect((await get(`/ops/api/dead-letters/${id}?unmask=`, admin)).status).toBe(400);
    const shown = (await get(`/ops/api/dead-letters/${id}?unmask=ticket+9`, admin)).body;
    expect(shown).toMatchObject({
      masked: false,
      payload: (await letters.find(id as string))?.record.value,
      key: CANARY,
    });
    expect(shown.audit[0]).toMatchObject({ action: "letter.unmask", actor: "admin@example.com", reason: "ticket 9" });
  });

  it("is masked where it stands, beside declared values that are shown", async () => {
    const value = JSON.stringify({
      eventId: "e",
      occurredAt: "2026-11-23T12:00:00Z",
      deviceId: "d-1",
      data: { online: "yes", mode: "cool", indoorTemperatureC: 21.5, equipment: ["fan"], owner: "Ann" },
    });
    await letters.park([
      letter("a", { record: { topic: "device.elt.status.reported", key: "d-1", value, receivedAtMs: 1 } }),
    ]);
    const { payload, key } = (await opsOf().get("/ops/api/dead-letters/a")).body;
    expect(key).toBe("d-1");
    expect(JSON.parse(payload)).toEqual({
      eventId: "e",
      occurredAt: "2026-11-23T12:00:00Z",
      deviceId: "d-1",
      data: { online: "•••", mode: "cool", indoorTemperatureC: 21.5, equipment: ["fan"], "•••1": "•••" },
    });
  });

  it("stays masked where a patch moves it: in a preview, a list, a search and a later failure", async () => {
    const value = JSON.stringify({
      eventId: "e-1",
      occurredAt: "2026-11-23T12:00:00Z",
      deviceId: "d-1",
      data: { name: "Hall", owner: CANARY },
    });
    const record = { topic: "device.elt.profile.updated", key: "d-1", value, receivedAtMs: FAILED_MS };
    await letters.park([letter("a", { record })]);
    const { ask, post, patch, events } = opsOf();
    const admin = await bearerAt("admin");
    const moving = [{ op: "move", from: "/data/owner", path: "/data/model" }];
    const group = (await letters.find("a"))?.groupId;
    const preview = await post(`/ops/api/groups/${group}/edit`, { patch: moving, reason: "r" }, admin);
    expect(preview.body).toMatchObject({ pass: 1, samples: [{ id: "a", issues: [] }] });
    expect(JSON.parse(preview.body.samples[0].after).data).toMatchObject({ model: "•••" });

    const edited = await patch("/ops/api/dead-letters/a", { patch: moving, reason: "r", revision: 0 }, admin);
    expect(edited.body).toMatchObject({ revision: 1, masked: true });
    const viewer = await bearerAt("viewer");
    const operator = await bearerAt("operator");
    const answers = [
      preview.text,
      edited.text,
      (await ask("GET", "/ops/api/dead-letters?first=10", { headers: viewer })).text,
      (await ask("GET", "/ops/api/dead-letters/a", { headers: viewer })).text,
      (await post(`/ops/api/groups/${group}/edit`, { patch: [{ op: "remove", path: "/data/x" }], reason: "r" }, admin))
        .text,
      (await post("/ops/api/dead-letters/a/replay", undefined, operator)).text,
    ];
    const [sent] = events.sent.flatMap(({ records }) => records);
    expect(sent?.value).toContain(`"model":"${CANARY}"`);
    await letters.park([
      letter("a", { record: sent as typeof record, failure: { reason: "crash" }, failedAtMs: FAILED_MS + 90_000 }),
    ]);
    answers.push((await ask("GET", "/ops/api/dead-letters/a", { headers: viewer })).text);
    expect(answers.filter((text) => text.includes(CANARY))).toEqual([]);
    const found = async (text: string) =>
      (await ask("GET", `/ops/api/dead-letters?text=${text}`, { headers: viewer })).body.deadLetters.length;
    expect([await found("canary"), await found("crash"), await found("e-1")]).toEqual([0, 1, 1]);
  });

  it("cannot be tested by a patch, right or wrong, without a reason", async () => {
    const value = (owner: string) =>
      `{"eventId":"e","occurredAt":"2026-11-23T12:00:00Z","deviceId":"d-1","data":{"name":"Hall","owner":"${owner}"}}`;
    const topic = "device.elt.profile.updated";
    await letters.park([
      letter("a", { record: { topic, key: null, value: value(CANARY), receivedAtMs: FAILED_MS } }),
      letter("b", { record: { topic, key: null, value: value("somebody else"), receivedAtMs: FAILED_MS } }),
    ]);
    const { get, post, patch } = opsOf();
    const admin = await bearerAt("admin");
    const guess = [{ op: "test", path: "/data/owner", value: CANARY }];
    const one = (id: string, more = {}) =>
      patch(`/ops/api/dead-letters/${id}`, { patch: guess, reason: "r", revision: 0, ...more }, admin);
    const path = `/ops/api/groups/${(await letters.find("a"))?.groupId}/edit`;

    const [right, wrong] = [await one("a"), await one("b")];
    expect([right.status, right.body.error.issues]).toEqual([422, [expect.objectContaining({ code: "masked" })]]);
    expect(wrong.body).toEqual(right.body);
    expect((await post(path, { patch: guess, reason: "r" }, admin)).body).toMatchObject({
      pass: 0,
      fail: { count: 2, issues: [{ path: "data.*", code: "masked", count: 2 }] },
    });
    // The audit log is append-only, so it has the entries of earlier tests.
    const reasons = async (): Promise<string[]> =>
      (await get("/ops/api/audit?action=letter.unmask", admin)).body.audit.map(
        (each: { reason: string }) => each.reason,
      );
    const before = await reasons();
    expect(before).not.toContain("ticket 10");

    const asked = await post(path, { patch: guess, reason: "r", unmask: "ticket 9" }, admin);
    expect(asked.body).toMatchObject({ pass: 1, fail: { count: 1 } });
    expect(asked.text).not.toContain(CANARY);
    expect((await one("b", { unmask: "ticket 10" })).status).toBe(422);
    expect((await one("a", { unmask: "ticket 11" })).text).toContain(CANARY);
    expect(await reasons()).toEqual(["ticket 11", "ticket 10", "ticket 9", ...before]);
  });
});
