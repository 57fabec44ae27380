import type { DesiredState } from "#domain/change.ts";
import type { Issue } from "#domain/issue.ts";
import type { SetDesiredOutcome } from "#services/bindings.ts";
import { forgetLoaded } from "../context.ts";
import { builder } from "./builder.ts";
import { Device } from "./device.ts";
import { DeviceRef, instead, WHICH_DEVICE, whichDevice } from "./device-ref.ts";
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
import { DesiredStateInput } from "./twin.ts";

const SetDesiredStateInput = builder.inputType("SetDesiredStateInput", {
  description: "A new desired state, and the version that it replaces.",
  fields: (t) => ({
    by: t.field({ type: DeviceRef, description: WHICH_DEVICE }),
    id: t.id({ description: "The device's id.", deprecationReason: instead("id") }),
    key: t.string({ description: "`{source}:{deviceId}`; case matters.", deprecationReason: instead("key") }),
    desired: t.field({ type: DesiredStateInput, required: true, description: "The whole desired state." }),
    expectedVersion: t.string({
      description:
        "The twin's `version` that this replaces, or null if it had none. If the twin has another version, nothing is changed. If absent, the state is replaced without a check.",
    }),
  }),
});

/** How a desired state was set, and the path of the input that named the device. */
type Answer = (SetDesiredOutcome | Unreadable) & { readonly field: InputPath };

const SetDesiredStatePayload = builder.objectRef<Answer>("SetDesiredStatePayload").implement({
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
    userErrors: t.field({ type: [UserError], description: WHY_NOT, extensions: FREE, resolve: errorsOf }),
  }),
});

const VERSION_CONFLICT =
  "The twin has another version, and nothing was changed. Check the state in `device`, and send its version.";

function errorsOf(answer: Answer): UserErrorShape[] {
  const { field } = answer;
  switch (answer.kind) {
    case "unreadable":
      return [answer.error];
    case "set":
      return [];
    case "conflict":
      return [{ code: "VERSION_CONFLICT", message: VERSION_CONFLICT, field: ["expectedVersion"] }];
    case "invalid":
      return outOfRange(answer.issues);
    case "unsupported":
      return [unsupported("desired states", answer.device.key, field)];
    case "notFound":
      return [{ code: "NOT_FOUND", message: "The device does not exist, or the token may not see it.", field }];
  }
}

/** One error for each member that the source's contract refuses, whatever number of its rules that member breaks. */
function outOfRange(issues: readonly Issue[]): UserErrorShape[] {
  const errors = issues.map(({ message, path }): UserErrorShape => {
    const member = MEMBERS.find((one) => path.endsWith(`.${one}`));
    return member
      ? { code: "OUT_OF_RANGE", message: `\`${member}\` ${problemIn(message)}`, field: ["desired", member] }
      : { code: "OUT_OF_RANGE", message: NOT_TAKEN, field: ["desired"] };
  });
  return errors.filter((error, i) => errors.findIndex(({ field }) => String(field) === String(error.field)) === i);
}

const MEMBERS = ["mode", "heatSetpointC", "coolSetpointC"] as const satisfies (keyof DesiredState)[];

const NOT_TAKEN = "The device's source does not take this desired state. Nothing was changed.";

/** What an issue of a contract says, in words for somebody who does not know the contract. */
function problemIn(message: string): string {
  const [, too, limit] = /^Too (small|big): .* [<>]=?(-?[\d.]+)$/.exec(message) ?? [];
  if (too === "small") return `is too low. Give at least ${limit}.`;
  if (too === "big") return `is too high. Give at most ${limit}.`;
  const [, rule] = /^Invalid input: (must .*)$/.exec(message) ?? [];
  return rule
    ? `${rule.replace(/\b(?:heat|cool)SetpointC\b/g, "`$&`")}.`
    : "has a value that the device's source does not take.";
}

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
      const { field } = named;
      if (!named.ok) return { ...unreadable(named.message, field), field };
      const wish = { key: named.key, desired: desiredIn(desired), expectedVersion };
      const answer = await context.devices.setDesired(wish);
      forgetLoaded(context);
      return { ...answer, field };
    },
  }),
);

const desiredIn = ({ mode, heatSetpointC, coolSetpointC }: typeof DesiredStateInput.$inferInput): DesiredState => ({
  ...(mode != null && { mode }),
  ...(heatSetpointC != null && { heatSetpointC }),
  ...(coolSetpointC != null && { coolSetpointC }),
});
