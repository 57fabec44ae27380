import type { DesiredState } from "../../domain/change.ts";
import type { Issue } from "../../domain/issue.ts";
import type { AlertKey } from "../../repositories/alert.ts";
import type { Acknowledged } from "../../services/alerts.ts";
import type { WishAnswer } from "../../services/devices.ts";
import { forgetLoaded } from "../context.ts";
import { alertKeyOf } from "../loaders.ts";
import { Alert } from "./alert.ts";
import { builder, decodeLoosely } from "./builder.ts";
import { Device, whichDevice } from "./device.ts";
import { DesiredStateInput } from "./twin.ts";

builder.mutationType({
  description: "What can be changed, by whoever may see it. Every change is an event, and ends as the sources' own do.",
});

const MutationOutcome = builder.enumType("MutationOutcome", {
  description: "How a mutation's event ended.",
  values: {
    APPLIED: { value: "applied", description: "It is done." },
    UNCHANGED: { value: "unchanged", description: "It was so already." },
    SUPERSEDED: { value: "superseded", description: "Something newer was said meanwhile, and that stands." },
    PENDING: { value: "pending", description: "A store is out of reach. It is safe with us and will be done." },
  } as const,
});

const UserErrorCode = builder.enumType("UserErrorCode", {
  description: "Why a mutation was not done.",
  values: {
    NOT_FOUND: { description: "There is no such thing, or none that the token may see." },
    ALREADY_CLEARED: { description: "The alert's cause is gone." },
    VERSION_CONFLICT: { description: "Somebody else was faster. The payload shows what they want." },
    OUT_OF_RANGE: { description: "A value is not one that can be desired." },
    INVALID_INPUT: { description: "What names the thing is no id or key of its kind." },
  } as const,
});

type UserErrorShape = {
  readonly code: typeof UserErrorCode.$inferType;
  readonly message: string;
  readonly field: readonly string[] | null;
};

const UserError = builder.objectRef<UserErrorShape>("UserError").implement({
  description: "Something that the caller can put right.",
  fields: (t) => ({
    code: t.expose("code", { type: UserErrorCode, description: "For programs." }),
    message: t.exposeString("message", { description: "For developers, in English." }),
    field: t.exposeStringList("field", { nullable: true, description: "The member of the input that it is about." }),
  }),
});

const WHY_NOT = "Why it was not done; empty when it was.";

const AcknowledgeAlertInput = builder.inputType("AcknowledgeAlertInput", {
  description: "Which alert was seen.",
  fields: (t) => ({ id: t.id({ required: true, description: "Of the alert." }) }),
});

/** What cannot be read is for the caller to put right, and no reason to take other mutations' answers away. */
type Unreadable = { readonly kind: "unreadable"; readonly message: string; readonly field: readonly string[] | null };

const unreadable = (message: string, field: readonly string[] | null): Unreadable => ({
  kind: "unreadable",
  message,
  field,
});

const AcknowledgeAlertPayload = builder.objectRef<Acknowledged | Unreadable>("AcknowledgeAlertPayload").implement({
  description: "What became of an acknowledgement.",
  fields: (t) => ({
    alert: t.field({
      type: Alert,
      nullable: true,
      description: "As it is now; null when there is none, or none that the token may see.",
      resolve: (answer) => ("alert" in answer ? answer.alert : null),
    }),
    outcome: t.field({
      type: MutationOutcome,
      nullable: true,
      description: "Null when `userErrors` says why it was not done.",
      resolve: (answer) => (answer.kind === "acknowledged" ? answer.outcome : null),
    }),
    userErrors: t.field({ type: [UserError], description: WHY_NOT, resolve: acknowledgeErrors }),
  }),
});

function acknowledgeErrors(answer: Acknowledged | Unreadable): UserErrorShape[] {
  switch (answer.kind) {
    case "unreadable":
      return [{ code: "INVALID_INPUT", message: answer.message, field: answer.field }];
    case "acknowledged":
      return [];
    case "alreadyCleared":
      return [{ code: "ALREADY_CLEARED", message: "The alert is cleared already.", field: ["id"] }];
    case "notFound":
      return [{ code: "NOT_FOUND", message: "There is no such alert.", field: ["id"] }];
  }
}

builder.mutationField("acknowledgeAlert", (t) =>
  t.field({
    type: AcknowledgeAlertPayload,
    nullable: true,
    description: "Says that somebody has seen an alert. Doing so again changes nothing.",
    args: { input: t.arg({ type: AcknowledgeAlertInput, required: true }) },
    resolve: async (_, { input }, context) => {
      const key = alertKeyIn(input.id);
      if (!key) return unreadable("That id is not an alert's; pass one as an `id` field gave it.", ["id"]);
      const answer = await context.alerts.acknowledge(key);
      forgetLoaded(context);
      return answer;
    },
  }),
);

function alertKeyIn(id: string): AlertKey | undefined {
  const { typename, id: nodeId } = decodeLoosely(id);
  return typename === "Alert" && nodeId.includes("/") ? alertKeyOf(nodeId) : undefined;
}

const SetDesiredStateInput = builder.inputType("SetDesiredStateInput", {
  description: "What a device is to do, and what that follows on.",
  fields: (t) => ({
    id: t.id({ description: "Of the device; either this or `key`." }),
    key: t.string({ description: "`{source}:{deviceId}`; case matters." }),
    desired: t.field({ type: DesiredStateInput, required: true, description: "All that is desired." }),
    expectedVersion: t.string({
      description:
        "The twin's `version` that this follows on, null while it had none. With another there, nothing is done. When absent, this replaces whatever is there.",
    }),
  }),
});

const SetDesiredStatePayload = builder.objectRef<WishAnswer | Unreadable>("SetDesiredStatePayload").implement({
  description: "What became of a desired state.",
  fields: (t) => ({
    device: t.field({
      type: Device,
      nullable: true,
      description: "As it is now; null when there is none, or none that the token may see.",
      resolve: (answer) => ("device" in answer ? answer.device : null),
    }),
    outcome: t.field({
      type: MutationOutcome,
      nullable: true,
      description: "Null when `userErrors` says why it was not done.",
      resolve: (answer) => (answer.kind === "set" ? answer.outcome : null),
    }),
    userErrors: t.field({ type: [UserError], description: WHY_NOT, resolve: setDesiredErrors }),
  }),
});

function setDesiredErrors(answer: WishAnswer | Unreadable): UserErrorShape[] {
  switch (answer.kind) {
    case "unreadable":
      return [{ code: "INVALID_INPUT", message: answer.message, field: answer.field }];
    case "set":
      return [];
    case "conflict":
      return [{ code: "VERSION_CONFLICT", message: "The twin has another version.", field: ["expectedVersion"] }];
    case "invalid":
      return answer.issues.map(outOfRange);
    case "notFound":
      return [{ code: "NOT_FOUND", message: "There is no such device.", field: null }];
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
      "Says what a device is to do. Of several who answer one version, one is first and the others are told.",
    args: { input: t.arg({ type: SetDesiredStateInput, required: true }) },
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
