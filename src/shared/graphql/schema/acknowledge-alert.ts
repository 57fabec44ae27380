import { MAX_AT_ONCE } from "#domain/command.ts";
import { isDeviceKey } from "#domain/event.ts";
import type { AlertKey } from "#repositories/alert.ts";
import type { AcknowledgedOfMany } from "#services/bindings.ts";
import { forgetLoaded } from "../context.ts";
import { parseAlertNodeId } from "../loaders.ts";
import { Alert } from "./alert.ts";
import { builder, decodeLoosely } from "./builder.ts";
import {
  FREE,
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
type Answer = (AcknowledgedOfMany | Unreadable) & { readonly field: InputPath };

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
    userErrors: t.field({ type: [UserError], description: WHY_NOT, extensions: FREE, resolve: errorsOf }),
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
    case "notTaken":
      return [{ code: "UNAVAILABLE", message: NOT_TAKEN, field }];
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

const NOT_TAKEN = "A store is out of reach, and this is not kept for good. Send it again.";

const NOT_AN_ALERT = "This is not the id of an alert. Use the value of an alert's `id` field, unchanged.";

function alertKeyIn(id: string): AlertKey | undefined {
  const { typename, id: nodeId } = decodeLoosely(id);
  if (typename !== "Alert" || !nodeId.includes("/")) return undefined;
  const key = parseAlertNodeId(nodeId);
  return isDeviceKey(key.deviceKey) ? key : undefined;
}

const AcknowledgeAlertsInput = builder.inputType("AcknowledgeAlertsInput", {
  description: "The alerts to acknowledge.",
  fields: (t) => ({
    ids: t.idList({ required: true, description: `The ids of 1 to ${MAX_AT_ONCE} alerts, none twice.` }),
  }),
});

type AnswerToMany = { readonly results: readonly Answer[]; readonly errors: readonly UserErrorShape[] };

const AcknowledgeAlertsPayload = builder.objectRef<AnswerToMany>("AcknowledgeAlertsPayload").implement({
  description: "The results of several acknowledgements.",
  fields: (t) => ({
    results: t.field({
      type: [AcknowledgeAlertPayload],
      description: "One for each id, in their order. One that failed does not hold up the others.",
      resolve: ({ results }) => [...results],
    }),
    userErrors: t.field({
      type: [UserError],
      description: "Why nothing at all was done; what is wrong with one of the ids is in its own result.",
      extensions: FREE,
      resolve: ({ errors }) => [...errors],
    }),
  }),
});

builder.mutationField("acknowledgeAlerts", (t) =>
  t.field({
    type: AcknowledgeAlertsPayload,
    nullable: true,
    description: `Acknowledges up to ${MAX_AT_ONCE} alerts at once, each as \`acknowledgeAlert\` does. Costs as much as a page of that many.`,
    args: { input: t.arg({ type: AcknowledgeAlertsInput, required: true, description: "Which alerts." }) },
    resolve: async (_, { input: { ids } }, context) => {
      const problem = sizeProblem(ids.length);
      if (problem) return { results: [], errors: [unreadable(problem, ["ids"]).error] } satisfies AnswerToMany;
      const asked = ids.map((id, i) => readId(ids, id, i));
      const answers = await context.alerts.acknowledgeAll(asked.flatMap((one) => one.key ?? []));
      forgetLoaded(context);
      const results = asked.map(({ key, field, problem: wrong }): Answer => {
        if (!key) return { ...unreadable(wrong, field), field };
        const answer = answers.shift();
        if (!answer) throw new Error("fewer answers than alerts");
        return { ...answer, field };
      });
      return { results, errors: [] } satisfies AnswerToMany;
    },
  }),
);

const sizeProblem = (count: number): string | undefined =>
  count >= 1 && count <= MAX_AT_ONCE
    ? undefined
    : `\`ids\` has ${count} entries. Nothing was done: name 1 to ${MAX_AT_ONCE} alerts.`;

type Asked = { readonly field: InputPath } & (
  | { readonly key: AlertKey; readonly problem?: never }
  | { readonly key?: never; readonly problem: string }
);

function readId(ids: readonly string[], id: string, i: number): Asked {
  const field = ["ids", String(i)];
  const first = ids.indexOf(id);
  if (first < i) return { field, problem: `This is the alert of \`ids.${first}\` once more. Name each alert once.` };
  const key = alertKeyIn(id);
  return key ? { field, key } : { field, problem: NOT_AN_ALERT };
}
