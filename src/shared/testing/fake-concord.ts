import type { RawRecord } from "#contracts/parse.ts";
import { type Registers, SEPARATE } from "#domain/party.ts";
import { DAY_MS } from "#domain/time.ts";
import type { Call } from "#services/call.ts";
import type { ConcordBindings } from "#services/connect.ts";
import { START_MS } from "./builders.ts";
import { fakeAlerts, fakeCustomers, fakeDealers, fakeDevices } from "./fake-services.ts";
import { type FaultOptions, Faults, type FaultTarget, type MethodName } from "./faults.ts";
import { type Delivered, MemoryFleet } from "./memory-fleet.ts";

/** A call that a fake received, with copies of its arguments. */
export type RecordedCall = {
  readonly method: MethodName;
  readonly call: Call;
  /** Those after the call. */
  readonly args: readonly unknown[];
};

/** What the fakes begin with, and their clock. */
export type FakeConcordOptions = {
  /** What there is to begin with. */
  readonly records?: readonly RawRecord[];
  /** The clock, in milliseconds since 1970 UTC. By default it stands still, 30 days after `START_MS`. */
  readonly now?: () => number;
  /** The ids of commands' events, which are unique. By default they count up. */
  readonly newEventId?: () => string;
  /** Groups of sources whose ids mean the same dealers and customers, as `SHARED_REGISTERS`. By default each is alone. */
  readonly registers?: Registers;
};

/**
 * Concord in memory, for tests of Workers that bind to its services: `bindings` go into the Worker's `env`, and answer as
 * the api Worker does, within the caller's scope, with its pages, cursors, filters, counts, errors and tokens.
 *
 * ```ts
 * const concord = new FakeConcord({ records: aDevice({ key: "elt:1", dealer: "D-1" }) });
 * const response = await worker.fetch(request, { ...concord.bindings, TOKEN_KEYS });
 * expect(concord.calls.map(({ method }) => method)).toEqual(["DEVICES.find"]);
 * ```
 *
 * Not faked: limits on requests, and the devices' objects, which answer `find` in an outage of D1.
 */
export class FakeConcord {
  /** The fakes, under the names that Concord's examples give the bindings. */
  readonly bindings: ConcordBindings;
  /** All calls so far, also those that failed. */
  readonly calls: RecordedCall[] = [];
  readonly fleet = new MemoryFleet();
  readonly #faults = new Faults();
  readonly #now: () => number;
  #eventIds = 0;

  constructor({
    records = [],
    now = () => START_MS + 30 * DAY_MS,
    newEventId,
    registers = SEPARATE,
  }: FakeConcordOptions = {}) {
    this.#now = now;
    const ids = newEventId ?? (() => `fake-command-${++this.#eventIds}`);
    const stores = { fleet: this.fleet, registers, now, newEventId: ids };
    this.bindings = {
      DEVICES: this.#faked("DEVICES", fakeDevices(stores)),
      ALERTS: this.#faked("ALERTS", fakeAlerts(stores)),
      DEALERS: this.#faked("DEALERS", fakeDealers(stores)),
      CUSTOMERS: this.#faked("CUSTOMERS", fakeCustomers(stores)),
    };
    const bad = this.deliver(records).find(({ outcome }) => outcome === "deadLettered");
    if (bad) throw new Error(`A record of this fake's fleet is not as its contract has it: ${JSON.stringify(bad)}`);
  }

  /**
   * Delivers records, as Concord takes them from the queue: in any order, and as often as one likes.
   * @returns what became of each, in order
   */
  deliver(records: readonly RawRecord[]): Delivered[] {
    return this.fleet.deliver(records, this.#now());
  }

  /** Makes calls fail, from now on: `fail("DEVICES.find", { times: 1 })`. */
  fail(target: FaultTarget = "all", options: FaultOptions = {}): void {
    this.#faults.fail(target, options);
  }

  /** Lets calls wait until `recover`, for tests of a caller's own deadline. */
  hang(target: FaultTarget = "all"): void {
    this.#faults.hang(target);
  }

  /** Ends all faults. Calls that hang are answered now. */
  recover(): void {
    this.#faults.recover();
  }

  /** As over RPC, arguments and answers are copies. */
  #faked<Name extends keyof ConcordBindings>(service: Name, binding: ConcordBindings[Name]): ConcordBindings[Name] {
    const faked = Object.entries(binding).map(([name, method]) => {
      const answered = async (...sent: [Call, ...unknown[]]) => {
        const copied = structuredClone(sent);
        const [call, ...args] = structuredClone(sent);
        this.calls.push({ method: `${service}.${name}` as MethodName, call, args });
        const act = async () => structuredClone(await method(...copied));
        return this.#faults.around(`${service}.${name}` as MethodName, act);
      };
      return [name, answered];
    });
    return Object.fromEntries(faked) as ConcordBindings[Name];
  }
}
