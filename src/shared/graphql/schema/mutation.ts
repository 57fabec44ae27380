import type { DesiredState } from "#domain/change.ts";
import { type DeviceKey, sourceOf } from "#domain/event.ts";
import type { Issue } from "#domain/issue.ts";
import { SOURCE_TRAITS } from "#domain/sources.ts";
import type { AlertKey } from "#repositories/alert.ts";
import type { Acknowledged, SetDesiredOutcome } from "#services/bindings.ts";
import { forgetLoaded } from "../context.ts";
import { parseAlertNodeId } from "../loaders.ts";
import { Alert } from "./alert.ts";
import { builder, decodeLoosely } from "./builder.ts";
import { Device, whichDevice } from "./device.ts";
import { DesiredStateInput } from "./twin.ts";

builder.mutationType({
  description:
    "Everything that can be changed. A token may change what it may see. Every change is an event, with the same outcomes as the sources' own.",
});

const MutationOutcome = builder.enumType("MutationOutcome", {
  description: "The outcome of a mutation's event.",
  values: {
    APPLIED: { value: "applied", description: "The change was applied." },
    UNCHANGED: { value: "unchanged", description: "The state was already like that." },
    SUPERSEDED: { value: "superseded", description: "A newer event arrived before it, and stays." },
    PENDING: { value: "pending", description: "A store is unavailable. The change is queued and will be applied." },
  } as const,
});

const UserErrorCode = builder.enumType("UserErrorCode", {
  description: "Why a mutation changed nothing.",
  values: {
    NOT_FOUND: { description: "It does not exist, or the token may not see it." },
    ALREADY_CLEARED: { description: "The alert is already cleared." },
    VERSION_CONFLICT: { description: "Another caller changed it first. The payload has the current state." },
    OUT_OF_RANGE: { description: "A value is out of range or of the wrong kind." },
    UNSUPPORTED: { description: "The device's source does not take this command; see the device's `commands`." },
    INVALID_INPUT: { description: "The id or key is malformed, or of another kind of object." },
  } as const,
});

type UserErrorShape = {
  readonly code: typeof UserErrorCode.$inferType;
  readonly message: string;
  readonly field: readonly string[] | null;
};

const UserError = builder.objectRef<UserErrorShape>("UserError").implement({
  description: "An error that the caller can correct.",
  fields: (t) => ({
    code: t.expose("code", { type: UserErrorCode, description: "A code for programs." }),
    message: t.exposeString("message", { description: "A message for developers, in English." }),
    field: t.exposeStringList("field", { nullable: true, description: "The path of the input field that is wrong." }),
  }),
});

const WHY_NOT = "Why it was not done; empty when it was.";

const AcknowledgeAlertInput = builder.inputType("AcknowledgeAlertInput", {
  description: "The alert to acknowledge.",
  fields: (t) => ({ id: t.id({ required: true, description: "The alert's id." }) }),
});

/** An input that cannot be parsed is an error of its own mutation, so that the answers of the others are kept. */
type Unreadable = { readonly kind: "unreadable"; readonly message: string; readonly field: readonly string[] | null };

const unreadable = (message: string, field: readonly string[] | null): Unreadable => ({
  kind: "unreadable",
  message,
  field,
});

const AcknowledgeAlertPayload = builder.objectRef<Acknowledged | Unreadable>("AcknowledgeAlertPayload").implement({
  description: "The result of an acknowledgement.",
  fields: (t) => ({
    alert: t.field({
      type: Alert,
      nullable: true,
      description: "Its current state; null if it does not exist or the token may not see it.",
      resolve: (answer) => ("alert" in answer ? answer.alert : null),
    }),
    outcome: t.field({
      type: MutationOutcome,
      nullable: true,
      description: "Null if `userErrors` is not empty.",
      resolve: (answer) => (answer.kind === "acknowledged" ? answer.outcome : null),
    }),
    userErrors: t.field({ type: [UserError], description: WHY_NOT, resolve: acknowledgeErrors }),
  }),
});

const unsupported = (what: string, key: DeviceKey, field: readonly string[] | null): UserErrorShape => ({
  code: "UNSUPPORTED",
  message: `${SOURCE_TRAITS[sourceOf(key)].title} devices take no ${what}. Nothing was changed.`,
  field,
});

function acknowledgeErrors(answer: Acknowledged | Unreadable): UserErrorShape[] {
  switch (answer.kind) {
    case "unreadable":
      return [{ code: "INVALID_INPUT", message: answer.message, field: answer.field }];
    case "acknowledged":
      return [];
    case "alreadyCleared":
      return [
        { code: "ALREADY_CLEARED", message: "The alert is already cleared. Nothing was changed.", field: ["id"] },
      ];
    case "unsupported":
      return [unsupported("acknowledgements", answer.alert.deviceKey, ["id"])];
    case "notFound":
      return [{ code: "NOT_FOUND", message: "The alert does not exist, or the token may not see it.", field: ["id"] }];
  }
}

builder.mutationField("acknowledgeAlert", (t) =>
  t.field({
    type: AcknowledgeAlertPayload,
    nullable: true,
    description: "Acknowledges an alert. Repeating it changes nothing.",
    args: { input: t.arg({ type: AcknowledgeAlertInput, required: true, description: "Which alert." }) },
    resolve: async (_, { input }, context) => {
      const key = alertKeyIn(input.id);
      if (!key)
        return unreadable("This is not the id of an alert. Use the value of an alert's `id` field, unchanged.", ["id"]);
      const answer = await context.alerts.acknowledge(key);
      forgetLoaded(context);
      return answer;
    },
  }),
);

function alertKeyIn(id: string): AlertKey | undefined {
  const { typename, id: nodeId } = decodeLoosely(id);
  return typename === "Alert" && nodeId.includes("/") ? parseAlertNodeId(nodeId) : undefined;
}

const SetDesiredStateInput = builder.inputType("SetDesiredStateInput", {
  description: "A new desired state, and the version that it replaces.",
  fields: (t) => ({
    id: t.id({ description: "The device's id; either this or `key`." }),
    key: t.string({ description: "`{source}:{deviceId}`; case matters." }),
    desired: t.field({ type: DesiredStateInput, required: true, description: "The whole desired state." }),
    expectedVersion: t.string({
      description:
        "The twin's `version` that this replaces, or null if it had none. If the twin has another version, nothing is changed. If absent, the state is replaced without a check.",
    }),
  }),
});

const SetDesiredStatePayload = builder.objectRef<SetDesiredOutcome | Unreadable>("SetDesiredStatePayload").implement({
  description: "The result of setting a desired state.",
  fields: (t) => ({
    device: t.field({
      type: Device,
      nullable: true,
      description: "Its current state; null if it does not exist or the token may not see it.",
      resolve: (answer) => ("device" in answer ? answer.device : null),
    }),
    outcome: t.field({
      type: MutationOutcome,
      nullable: true,
      description: "Null if `userErrors` is not empty.",
      resolve: (answer) => (answer.kind === "set" ? answer.outcome : null),
    }),
    userErrors: t.field({ type: [UserError], description: WHY_NOT, resolve: setDesiredErrors }),
  }),
});

const VERSION_CONFLICT =
  "The twin has another version, and nothing was changed. Check the state in `device`, and send its version.";

function setDesiredErrors(answer: SetDesiredOutcome | Unreadable): UserErrorShape[] {
  switch (answer.kind) {
    case "unreadable":
      return [{ code: "INVALID_INPUT", message: answer.message, field: answer.field }];
    case "set":
      return [];
    case "conflict":
      return [{ code: "VERSION_CONFLICT", message: VERSION_CONFLICT, field: ["expectedVersion"] }];
    case "invalid":
      return answer.issues.map(outOfRange);
    case "unsupported":
      return [unsupported("desired states", answer.device.key, null)];
    case "notFound":
      return [{ code: "NOT_FOUND", message: "The device does not exist, or the token may not see it.", field: null }];
  }
}

/** The event's `data` is the input's `desired`. */
const outOfRange = ({ path, message }: Issue): UserErrorShape => ({
  code: "OUT_OF_RANGE",
  message,
  field: ["desired", ...path.split(".").slice(1)],
});

builder.mutationField("setDesiredState", (t) =>
  t.field({
    type: SetDesiredStatePayload,
    nullable: true,
    description:
      "Sets a device's desired state. Of several calls that expect the same version, one succeeds and the others get VERSION_CONFLICT.",
    args: {
      input: t.arg({ type: SetDesiredStateInput, required: true, description: "Which device, and what it is to do." }),
    },
    resolve: async (_, { input }, context) => {
      const { desired, expectedVersion } = input;
      const named = whichDevice(input);
      if (!named.ok) return unreadable(named.message, named.field);
      const wish = { key: named.key, desired: desiredIn(desired), expectedVersion };
      const answer = await context.devices.setDesired(wish);
      forgetLoaded(context);
      return answer;
    },
  }),
);

const desiredIn = ({ mode, heatSetpointC, coolSetpointC }: typeof DesiredStateInput.$inferInput): DesiredState => ({
  ...(mode != null && { mode }),
  ...(heatSetpointC != null && { heatSetpointC }),
  ...(coolSetpointC != null && { coolSetpointC }),
});
