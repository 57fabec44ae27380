import { createExecutionContext } from "cloudflare:test";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Commands } from "#domain/command.ts";
import type { ConcordEvent, DeviceKey } from "#domain/event.ts";
import { parseRegisters, type Registers } from "#domain/party.ts";
import { DAY_MS } from "#domain/time.ts";
import type { DeadLetterMessage } from "#letters/letter.ts";
import type { Parcel } from "#queue/parcel.ts";
import { FleetRepository } from "#repositories/fleet.ts";
import type { ConcordBindings } from "#services/connect.ts";
import { FakeConcord } from "#testing/fake-concord.ts";
import type { Env } from "../../../workers/api/env.ts";
import type { DeviceObject } from "../../../workers/devices/device-object.ts";
import { acknowledgeAlert, acknowledgeAlerts, setDesired } from "../../../workers/ingest/commands.ts";
import { commandDepsOver } from "../../support/command-deps.ts";
import { FakeQueue } from "../../support/fake-queue.ts";
import { ask, calls, cursorsIn, type DrawnCall, START_MS, world } from "./conformance-calls.ts";
import { AlertsService, CustomersService, DealersService, DevicesService } from "./main.ts";
import { emptyTables, env } from "./support.ts";

const NOW_MS = START_MS + 3 * DAY_MS;
let worlds = 0;

const { CONFORMANCE_WORLDS, CONFORMANCE_SEED } = env as unknown as Record<string, string>;
const MAX_MS = 600_000;
const BUDGET = {
  numRuns: Number(CONFORMANCE_WORLDS),
  ...(CONFORMANCE_SEED && { seed: Number(CONFORMANCE_SEED) }),
  // A failure is reported as short as it is by then, and not lost in the test's own timeout.
  interruptAfterTimeLimit: MAX_MS / 2,
  markInterruptAsFailure: true,
};

type DrawnBy = { readonly scope: unknown; readonly consistency: string | undefined; readonly subject?: unknown };

/** The services over real stores, and the fakes, both with the same events. */
class TwoSides {
  readonly real: ConcordBindings;
  readonly fake: ConcordBindings;
  readonly #prefix = `w${++worlds}-`;
  readonly #concord: FakeConcord;
  /** Cursors by method, in the order in which they came. */
  readonly #cursors = new Map<string, string[]>();
  readonly #tokens: { real: string | null; fake: string | null } = { real: null, fake: null };
  #call = 0;

  constructor(sharedRegisters: string) {
    const newEventId = () => `command-${this.#call}`;
    const registers = parseRegisters(sharedRegisters) as Registers;
    this.#concord = new FakeConcord({ now: () => NOW_MS, newEventId, registers });
    this.fake = this.#concord.bindings;
    const deps = commandDepsOver({
      db: env.DB,
      devices: env.DEVICES as unknown as DurableObjectNamespace<DeviceObject>,
      events: new FakeQueue<Parcel>(),
      deadLetters: new FakeQueue<DeadLetterMessage>(),
      reports: [],
      nowMs: NOW_MS,
      newEventId,
    });
    const commands: Commands = {
      acknowledgeAlert: (command) => acknowledgeAlert(deps, command),
      acknowledgeAlerts: (commands) => acknowledgeAlerts(deps, commands),
      setDesired: (command) => setDesired(deps, command),
    };
    const its = { ...env, SHARED_REGISTERS: sharedRegisters, INGEST_COMMANDS: commands };
    const bound = <T>(Service: new (context: ExecutionContext, own: Env) => T) =>
      new Service(createExecutionContext(), its);
    this.real = {
      DEVICES: bound(DevicesService),
      ALERTS: bound(AlertsService),
      DEALERS: bound(DealersService),
      CUSTOMERS: bound(CustomersService),
    };
  }

  /** Every world has devices of its own, because objects cannot be emptied. */
  #own(key: DeviceKey): DeviceKey {
    return key.replace(":", `:${this.#prefix}`) as DeviceKey;
  }

  async seed(drawn: readonly ConcordEvent[]): Promise<void> {
    // Plain data, as it crosses a queue: fast-check's records have no prototype.
    const plain: readonly ConcordEvent[] = JSON.parse(JSON.stringify(drawn));
    const events = plain.map((event) => ({ ...event, deviceKey: this.#own(event.deviceKey) }));
    await emptyTables();
    await new FleetRepository(env.DB).merge(events);
    for (const [key, own] of Map.groupBy(events, ({ deviceKey }) => deviceKey)) {
      await (env.DEVICES.getByName(key) as unknown as DeviceObject).merge(own);
    }
    this.#concord.fleet.merge(events);
  }

  /** Asks both sides the same. @returns what each says */
  async ask({ method, args }: DrawnCall, by: DrawnBy) {
    this.#call++;
    const said = async (side: "real" | "fake") => {
      const consistency = by.consistency === "token" ? (this.#tokens[side] ?? undefined) : by.consistency;
      const call = { scope: by.scope, subject: by.subject, ...(consistency !== undefined && { consistency }) } as never;
      const prepared = await Promise.all(args.map((arg) => this.#prepared(method, arg, side)));
      const { token, ...answer } = { token: undefined, ...(await ask(this[side], method, [call, ...prepared])) };
      if (token != null) this.#tokens[side] = token;
      return answer;
    };
    const [real, fake] = [await said("real"), await said("fake")];
    // A page that no row can be in is answered without a read, so there is nothing that a token could be of.
    if ("value" in real && !real.hasToken && cursorsIn(real.value).length === 0 && "value" in fake)
      fake.hasToken = false;
    if ("value" in real) this.#cursorsOf(method).push(...cursorsIn(real.value));
    return { real, fake };
  }

  #cursorsOf(method: string): string[] {
    const known = this.#cursors.get(method) ?? [];
    this.#cursors.set(method, known);
    return known;
  }

  /** Keys get this world's prefix, and drawn cursors and versions become those that there are. */
  async #prepared(method: string, arg: unknown, side: "real" | "fake"): Promise<unknown> {
    if (typeof arg === "string")
      return method.startsWith("DEVICES.") && arg.includes(":") ? this.#own(arg as never) : arg;
    if (Array.isArray(arg)) return Promise.all(arg.map((each) => this.#prepared(method, each, side)));
    if (arg === null || typeof arg !== "object") return arg;
    if ("pick" in arg) {
      const known = this.#cursorsOf(method);
      return known.length > 0 ? known[(arg.pick as number) % known.length] : undefined;
    }
    if ("text" in arg) return arg.text;
    if ("expected" in arg) return this.#wish(arg as never, side);
    const members = Object.entries(arg).map(async ([name, member]) => {
      const isKey =
        (name === "deviceKey" || name === "keyPrefix") && typeof member === "string" && member.includes(":");
      return [name, isKey ? this.#own(member as never) : await this.#prepared("", member, side)] as const;
    });
    const prepared = Object.fromEntries(await Promise.all(members));
    return "after" in arg || "before" in arg ? this.#page(method, arg as never) : prepared;
  }

  async #page(method: string, page: Record<string, unknown>): Promise<object> {
    const entries = Object.entries(page).map(async ([name, member]) => [
      name,
      await this.#prepared(method, member, "real"),
    ]);
    return Object.fromEntries(await Promise.all(entries));
  }

  async #wish(
    { key, desired, expected }: { key: DeviceKey; desired: object; expected: string },
    side: "real" | "fake",
  ) {
    const own = this.#own(key);
    const { value } = await this[side].DEVICES.find({ scope: { role: "ops" }, consistency: "strong" }, [own]);
    const current = value[0]?.desired?.version ?? null;
    const versions: Record<string, object> = {
      current: { expectedVersion: current },
      none: { expectedVersion: null },
      wrong: { expectedVersion: "2026-11-23T13:00:00.000Z/other" },
      absent: {},
    };
    return { key: own, desired, ...versions[expected] };
  }
}

describe("the fakes of the SDK", () => {
  it.each([[""], ["infinity+elt"]])(
    "answer every call as the real services do, errors included, with shared registers %j",
    async (sharedRegisters) => {
      await fc.assert(
        fc.asyncProperty(world, calls, async (events, drawn) => {
          const sides = new TwoSides(sharedRegisters);
          await sides.seed(events);
          for (const [by, call] of drawn) {
            const { real, fake } = await sides.ask(call, by);
            expect(fake, `${JSON.stringify(call)} by ${JSON.stringify(by)}`).toEqual(real);
          }
        }),
        BUDGET,
      );
    },
    MAX_MS,
  );
});
