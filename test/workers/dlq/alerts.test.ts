import { Webhook } from "standardwebhooks";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { DeadLetterRepository, type StoredLetter } from "#letters/repositories/dead-letter.ts";
import { AlertLogRepository } from "#repositories/alert-log.ts";
import { type AlertVars, readAlertSettings } from "../../../workers/dlq/alerts/settings.ts";
import { watch } from "../../../workers/dlq/alerts/watch.ts";
import { createWatchDeps } from "../../../workers/dlq/env.ts";
import worker from "../../../workers/dlq/index.ts";
import { emptyOps, env, letter, settlement } from "./support.ts";

const letters = new DeadLetterRepository(env.DB);
const SECRET = `whsec_${btoa("a secret of thirty-two bytes....")}`;
const MINUTE = 60_000;
const T0 = 1_800_000_000_000;

beforeEach(async () => {
  vi.restoreAllMocks();
  await emptyOps();
  for (const table of ["desk_alerts", "webhook_deliveries"]) await env.DB.exec(`DELETE FROM ${table}`);
});

type Call = {
  url: string;
  init: RequestInit;
  body: { type: string; data: { state: string; subject: string; summary: string } };
};

/** Rounds of alerts over the real D1, with receivers that give prepared answers. */
function pager({
  hooks = [{ id: "pager" }],
  answers = [204],
}: {
  hooks?: object[];
  answers?: (number | Error)[];
} = {}) {
  const calls: Call[] = [];
  const vars: AlertVars = {
    ENVIRONMENT: "production",
    OPS_WEBHOOK_HOSTS: "hooks.example.com",
    OPS_WEBHOOKS: JSON.stringify(
      hooks.map((hook) => ({ url: "https://hooks.example.com/x", secret: SECRET, ...hook })),
    ),
  };
  const fetch = async (url: string, init: RequestInit) => {
    calls.push({ url, init, body: JSON.parse(String(init.body)) });
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer instanceof Error) throw answer;
    return new Response(null, { status: answer as number, headers: { Location: "https://evil.example/" } });
  };
  const minute = (nowMs: number) =>
    watch({ ...createWatchDeps(env), settings: readAlertSettings(vars), fetch, now: () => nowMs });
  const told = () => calls.map(({ body: { type, data } }) => `${type.split(".").at(-1)} ${data.state}`);
  return { calls, minute, told };
}

const fail = (id: string, nowMs: number) => letters.park([letter(id, { failedAtMs: nowMs })]);

describe("a round of alerts", () => {
  it("sends one alert for a new group, and one when it is resolved", async () => {
    const { minute, told } = pager();
    await fail("a", T0);
    await minute(T0 + 1_000);
    await minute(T0 + MINUTE);
    expect(told()).toEqual(["group_opened firing"]);
    await letters.settle([settlement("a", { settledAtMs: T0 + 2 * MINUTE })]);
    await minute(T0 + 3 * MINUTE);
    await minute(T0 + 4 * MINUTE);
    expect(told()).toEqual(["group_opened firing", "group_opened recovered"]);
    await fail("b", T0 + 20 * MINUTE);
    await minute(T0 + 20 * MINUTE + 1_000);
    expect(told().at(-1)).toBe("group_regressed firing");
  });

  it("signs deliveries as Standard Webhooks has it, and sends nothing of a payload", async () => {
    const { minute, calls } = pager();
    await fail("a", T0);
    vi.spyOn(Date, "now").mockReturnValue(T0 + 1_000);
    await minute(T0 + 1_000);
    const { init, body } = calls[0] as Call;
    const headers = init.headers as Record<string, string>;
    expect(new Webhook(SECRET).verify(String(init.body), headers)).toEqual(body);
    expect(() =>
      new Webhook(`whsec_${btoa("another secret of thirty-two....")}`).verify(String(init.body), headers),
    ).toThrow();
    expect(body).toMatchObject({
      type: "concord.dead_letters.group_opened",
      data: { link: expect.stringContaining("/ops#/groups/") },
    });
    expect(init.redirect).toBe("manual");
    expect(init.signal).toBeInstanceOf(AbortSignal);
  });

  it.each([[500], [302], [404], [new TypeError("Network connection lost.")]])(
    "repeats a delivery under the same id after %s",
    async (answer) => {
      const { minute, calls } = pager({ answers: [answer, 204] });
      await fail("a", T0);
      await minute(T0);
      await minute(T0 + 4_000);
      expect(calls).toHaveLength(1);
      await minute(T0 + 5_000);
      await minute(T0 + 6 * 3_600_000 - 1);
      const ids = calls.map(({ init }) => (init.headers as Record<string, string>)["webhook-id"]);
      expect(new Set(ids.slice(0, 2)).size).toBe(1);
      expect(calls.filter(({ url }) => url.includes("evil"))).toEqual([]);
    },
  );

  it("gives a delivery up after the last attempt, and at once on 410", async () => {
    const { minute, calls } = pager({ answers: [410] });
    await fail("a", T0);
    for (let i = 0; i < 4; i++) await minute(T0 + i * 3_600_000);
    const first = calls.filter(({ body }) => body.data.state === "firing");
    expect(first).toHaveLength(1);
    const row = await env.DB.prepare("SELECT * FROM webhook_deliveries").first();
    expect(row).toMatchObject({ next_attempt_at_ms: null, delivered_at_ms: null, last_status: 410, attempts: 1 });
  });

  it("sends an alert again if the last one ended more than a day ago", async () => {
    const { minute, told } = pager({ hooks: [{ id: "pager", kinds: ["spike"] }] });
    const day = 86_400_000;
    for (const atMs of [T0, T0 + 3 * day, T0 + 30 * day]) {
      await letters.park(Array.from({ length: 60 }, (_, i) => letter(`s${atMs}-${i}`, { failedAtMs: atMs })));
      await minute(atMs + 1_000);
      await minute(atMs + 3_600_000);
    }
    expect(told()).toEqual(Array(3).fill(["spike firing", "spike recovered"]).flat());
  });

  it("sends nothing for an acknowledged group until it regresses", async () => {
    const { minute, told } = pager();
    await fail("a", T0);
    await minute(T0);
    const group = (await letters.find("a"))?.groupId;
    await env.DB.prepare("UPDATE letter_groups SET state = 'acknowledged' WHERE id = ?1").bind(group).run();
    await minute(T0 + MINUTE);
    expect(told()).toEqual(["group_opened firing"]);
  });

  it("sends nothing for a group whose letters were closed when they were imported", async () => {
    const { minute, told } = pager();
    await fail("a", T0);
    const closed = { ...((await letters.find("a")) as StoredLetter), id: "b", state: "resolved" as const };
    await emptyOps();
    await letters.importAll([closed]);
    await minute(T0 + 1_000);
    expect(told()).toEqual([]);
    await fail("c", T0 + 2_000);
    await minute(T0 + 3_000);
    expect(told()).toEqual(["group_opened firing"]);
  });

  it("sends recorded deliveries while the letters cannot be read, more than six in one round", async () => {
    const { minute, calls } = pager({ hooks: Array.from({ length: 15 }, (_, i) => ({ id: `h${i}` })) });
    await fail("a", T0);
    const broken = vi.spyOn(DeadLetterRepository.prototype, "arrivals").mockRejectedValue(new Error("D1_ERROR"));
    await new AlertLogRepository(env.DB).recordNotice(
      { key: "spike:all", kind: "spike", subject: "all", summary: "s", state: "firing", expectedSentAtMs: null },
      [{ id: "d", webhookId: "h1", body: JSON.stringify({ type: "x.spike", data: { state: "firing" } }) }],
      T0,
    );
    await expect(minute(T0)).rejects.toThrow("D1_ERROR");
    expect(calls).toHaveLength(1);
    broken.mockRestore();
    await minute(T0 + 1_000);
    expect(calls.filter(({ body }) => body.type.endsWith("group_opened"))).toHaveLength(15);
  });

  it("sends an alert once when two rounds run at once", async () => {
    const { minute, calls } = pager();
    await fail("a", T0);
    await Promise.all([minute(T0), minute(T0 + 1), minute(T0 + 2)]);
    expect(calls).toHaveLength(1);
  });

  it("leaves recorded deliveries to the next round when it crashes before sending", async () => {
    const { minute, told } = pager();
    await fail("a", T0);
    const alerts = new AlertLogRepository(env.DB);
    await alerts.recordNotice(
      { key: "spike:all", kind: "spike", subject: "all", summary: "s", state: "firing", expectedSentAtMs: null },
      [{ id: "d", webhookId: "pager", body: JSON.stringify({ type: "x.spike", data: { state: "firing" } }) }],
      T0,
    );
    // A round that claims its deliveries and crashes.
    await alerts.claimDue(T0);
    await minute(T0 + 1_000);
    expect(told()).not.toContain("spike firing");
    await minute(T0 + 2 * MINUTE);
    expect(told()).toContain("spike firing");
  });

  it("sends to each webhook the kinds that it asks for, and nothing to a host that is not allowed", async () => {
    const hooks = [
      { id: "all" },
      { id: "runs", kinds: ["run_paused"] },
      { id: "evil", url: "https://evil.example/" },
      { id: "inside", url: "https://10.0.0.1/" },
      { id: "no secret", secret: "x" },
    ];
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    const { minute, calls } = pager({ hooks });
    await fail("a", T0);
    await minute(T0);
    expect(calls).toHaveLength(1);
    const said = logged.mock.calls.flat().join("\n");
    expect(said).toContain("OPS_WEBHOOKS.evil is not on the list of hosts");
    expect(said).not.toContain(SECRET);
  });

  it("sends an alert for a spike, and for a letter that has waited for a day", async () => {
    const { minute, told } = pager();
    await letters.park(Array.from({ length: 60 }, (_, i) => letter(`l${i}`, { failedAtMs: T0 })));
    await minute(T0 + 1_000);
    expect(told().sort()).toEqual(["group_opened firing", "spike firing"]);
    await minute(T0 + 25 * 3_600_000);
    expect(told()).toContain("oldest_age firing");
    expect(told()).toContain("spike recovered");
  });

  it("is run by the cron trigger, and goes on when a webhook is misconfigured", async () => {
    await letters.park([letter("old", { failedAtMs: T0 })]);
    await letters.settle([settlement("old", { settledAtMs: T0 + 1 })]);
    const vars = { ...env, OPS_WEBHOOKS: "{oops" };
    vi.spyOn(console, "error").mockImplementation(() => {});
    await worker.scheduled(
      { scheduledTime: T0 + 31 * 86_400_000, cron: "* * * * *", noRetry() {} } as ScheduledController,
      vars,
    );
    expect(await letters.find("old")).toMatchObject({ emptiedAtMs: T0 + 31 * 86_400_000 });
  });
});
