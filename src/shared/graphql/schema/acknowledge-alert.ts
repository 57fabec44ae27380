import { isDeviceKey } from "#domain/event.ts";
import type { AlertKey } from "#repositories/alert.ts";
import type { Acknowledged } from "#services/bindings.ts";
import { forgetLoaded } from "../context.ts";
import { parseAlertNodeId } from "../loaders.ts";
import { Alert } from "./alert.ts";
import { builder, decodeLoosely } from "./builder.ts";
import {
  type InputPath,
  MutationOutcome,
  type Unreadable,
  UserError,
  type UserErrorShape,
  unreadable,
  unsupported,
  WHY_NOT,
} from "./mutation.ts";

const AcknowledgeAlertInput = builder.inputType("AcknowledgeAlertInput", {
  description: "The alert to acknowledge.",
  fields: (t) => ({ id: t.id({ required: true, description: "The alert's id." }) }),
});

/** How an alert was acknowledged, and the path of the input that named it. */
type Answer = (Acknowledged | Unreadable) & { readonly field: InputPath };

const AcknowledgeAlertPayload = builder.objectRef<Answer>("AcknowledgeAlertPayload").implement({
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
    userErrors: t.field({ type: [UserError], description: WHY_NOT, resolve: errorsOf }),
  }),
});

function errorsOf(answer: Answer): UserErrorShape[] {
  const { field } = answer;
  switch (answer.kind) {
    case "unreadable":
      return [answer.error];
    case "acknowledged":
      return [];
    case "alreadyCleared":
      return [{ code: "ALREADY_CLEARED", message: "The alert is already cleared. Nothing was changed.", field }];
    case "unsupported":
      return [unsupported("acknowledgements", answer.alert.deviceKey, field)];
    case "notFound":
      return [{ code: "NOT_FOUND", message: "The alert does not exist, or the token may not see it.", field }];
  }
}

builder.mutationField("acknowledgeAlert", (t) =>
  t.field({
    type: AcknowledgeAlertPayload,
    nullable: true,
    description: "Acknowledges an alert. Repeating it changes nothing.",
    args: { input: t.arg({ type: AcknowledgeAlertInput, required: true, description: "Which alert." }) },
    resolve: async (_, { input }, context) => {
      const field = ["id"];
      const key = alertKeyIn(input.id);
      if (!key) return { ...unreadable(NOT_AN_ALERT, field), field };
      const answer = await context.alerts.acknowledge(key);
      forgetLoaded(context);
      return { ...answer, field };
    },
  }),
);

const NOT_AN_ALERT = "This is not the id of an alert. Use the value of an alert's `id` field, unchanged.";

function alertKeyIn(id: string): AlertKey | undefined {
  const { typename, id: nodeId } = decodeLoosely(id);
  if (typename !== "Alert" || !nodeId.includes("/")) return undefined;
  const key = parseAlertNodeId(nodeId);
  return isDeviceKey(key.deviceKey) ? key : undefined;
}
