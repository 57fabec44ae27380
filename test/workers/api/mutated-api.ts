import type { Commands } from "#domain/command.ts";
import type { DeadLetterMessage } from "#letters/letter.ts";
import type { Parcel } from "#queue/parcel.ts";
import { FleetRepository } from "#repositories/fleet.ts";
import type { MetricsReport } from "#telemetry/metrics.ts";
import type { Env } from "../../../workers/api/env.ts";
import type { DeviceObject } from "../../../workers/devices/device-object.ts";
import { acknowledgeAlert, acknowledgeAlerts, type CommandDeps, setDesired } from "../../../workers/ingest/commands.ts";
import { consume } from "../../../workers/ingest/consume.ts";
import { commandDepsOver } from "../../support/command-deps.ts";
import { FakeQueue } from "../../support/fake-queue.ts";
import { ask, at, env, registered, seedDevices, version } from "./support.ts";

export const TOKEN_HEADER = "Concord-Consistency-Token";
export const OUTAGE = new Error("D1_ERROR: Network connection lost.");
const NOW_MS = Date.parse(at(60));

let eventIds = 0;

const ACKNOWLEDGE = `mutation Acknowledge($id: ID!) { acknowledgeAlert(input: { id: $id }) {
  alert { alertId state } outcome userErrors { code message field } } }`;

export const TWIN = "twin { version desired { ...state } reported { ...state } delta { ...state } }";
export const STATE = "fragment state on TwinState { mode heatSetpointC coolSetpointC }";
const SET = `mutation Set($input: SetDesiredStateInput!) { setDesiredState(input: $input) {
  device { key updatedAt ${TWIN} } outcome userErrors { code message field } } } ${STATE}`;

type Options = Parameters<typeof ask>[1];

/** The GraphQL API in front of the ingest Worker's commands, over the real D1 and a queue that keeps what it is sent. */
export class MutatedApi {
  readonly events = new FakeQueue<Parcel>();
  readonly reports: MetricsReport[] = [];
  /** The bindings of the API. */
  readonly its: Env;
  /** The ingest Worker's handling of a command. */
  #deps: CommandDeps;

  constructor() {
    this.#deps = commandDepsOver({
      db: env.DB,
      devices: env.DEVICES as unknown as DurableObjectNamespace<DeviceObject>,
      events: this.events,
      deadLetters: new FakeQueue<DeadLetterMessage>(),
      reports: this.reports,
      nowMs: NOW_MS,
      newEventId: () => `command-${++eventIds}`,
    });
    const commands: Commands = {
      acknowledgeAlert: (command) => acknowledgeAlert(this.#deps, command),
      acknowledgeAlerts: (commands) => acknowledgeAlerts(this.#deps, commands),
      setDesired: (command) => setDesired(this.#deps, command),
    };
    this.its = { ...env, INGEST_COMMANDS: commands };
  }

  takeD1Out(): void {
    this.#deps = { ...this.#deps, fleet: { merge: () => Promise.reject(OUTAGE) } };
  }

  /** Names of the raw objects that the archive has. */
  readonly archived: string[] = [];

  /** The archive is bound, and takes no object until `deliver`. */
  takeR2Out(): void {
    this.#deps = {
      ...this.#deps,
      archive: { bucket: { put: () => Promise.reject(new Error("R2 is out")) }, deadlineMs: 50 },
    };
  }

  #archive() {
    const put = async (key: string) => this.archived.push(key);
    return this.#deps.archive && { bucket: { put }, deadlineMs: 50 };
  }

  /** What the queue's handler does once everything answers again. */
  deliver() {
    return consume(
      { ...this.#deps, fleet: new FleetRepository(env.DB), archive: this.#archive() },
      this.events.drain().map((body) => ({ body, attempts: 1 })),
    );
  }

  /** With a replica of D1 that lags behind: only queries with a consistency token see what was written. */
  behindReplica(): Env {
    const nothing = { bind: () => nothing, all: async () => ({ results: [], meta: {} }) };
    const withSession = (start: string) =>
      start === "first-unconstrained"
        ? { prepare: () => nothing, getBookmark: () => null }
        : env.DB.withSession(start as D1SessionConstraint);
    return { ...this.its, DB: { withSession } as unknown as D1Database };
  }

  acknowledge(id: string, options: Options = {}) {
    return ask(ACKNOWLEDGE, { env: this.its, variables: { id }, ...options });
  }

  async set(input: object, options: Options = {}) {
    const answer = await ask(SET, { env: this.its, variables: { input }, ...options });
    return { ...answer, payload: answer.data?.setDesiredState };
  }
}

export const alertId = (deviceKey: string, id: string): string => btoa(`Alert:${deviceKey}/${id}`);

let devices = 0;
/** A device of dealer D-1 with an object of its own. */
export async function newDevice(): Promise<string> {
  const key = `elt:mutated-${++devices}`;
  await seedDevices({
    key,
    aspects: {
      ...registered("S-1"),
      status: { version: version(2), value: { online: true, mode: "heat", heatSetpointC: 19 } },
    },
    dealers: [[1, "D-1"]],
  });
  return key;
}
