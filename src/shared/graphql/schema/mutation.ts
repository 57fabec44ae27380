import { type DeviceKey, sourceOf } from "#domain/event.ts";
import { SOURCE_TRAITS } from "#domain/sources.ts";
import { builder } from "./builder.ts";

builder.mutationType({
  description:
    "Everything that can be changed. A token may change what it may see. Every change is an event, with the same outcomes as the sources' own.",
});

export const MutationOutcome = builder.enumType("MutationOutcome", {
  description: "The outcome of a mutation's event.",
  values: {
    APPLIED: { value: "applied", description: "The change was applied, and every reader can see it." },
    UNCHANGED: { value: "unchanged", description: "The state was already like that." },
    SUPERSEDED: { value: "superseded", description: "A newer event arrived before it, and stays." },
    PENDING: {
      value: "pending",
      description: "A store is unavailable. The change is queued and will be applied; do not send it again.",
    },
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
    INVALID_INPUT: { description: "The id or key is malformed, of another kind of object, missing, or there twice." },
    UNAVAILABLE: { description: "A store is out of reach, and this is not kept for good. Send it again." },
  } as const,
});

/** Where an input is wrong: the path of the member, from the argument `input` on. */
export type InputPath = readonly string[];

export type UserErrorShape = {
  readonly code: typeof UserErrorCode.$inferType;
  readonly message: string;
  readonly field: InputPath | null;
};

export const UserError = builder.objectRef<UserErrorShape>("UserError").implement({
  description: "An error that the caller can correct. Each fault has one.",
  fields: (t) => ({
    code: t.expose("code", { type: UserErrorCode, description: "A code for programs." }),
    message: t.exposeString("message", { description: "A message for developers, in English." }),
    field: t.exposeStringList("field", { nullable: true, description: "The path of the input field that is wrong." }),
  }),
});

/** Errors cost nothing: there is one for each fault, and nothing is read for it. */
export const FREE = { cost: 0 };

export const WHY_NOT = "Why it was not done; empty when it was.";

/** An input that cannot be read is an error of its own mutation, so that the answers of the others are kept. */
export type Unreadable = { readonly kind: "unreadable"; readonly error: UserErrorShape };

export const unreadable = (message: string, field: InputPath): Unreadable => ({
  kind: "unreadable",
  error: { code: "INVALID_INPUT", message, field },
});

export const unsupported = (what: string, key: DeviceKey, field: InputPath): UserErrorShape => ({
  code: "UNSUPPORTED",
  message: `${SOURCE_TRAITS[sourceOf(key)].title} devices take no ${what}. Nothing was changed.`,
  field,
});
