import { type DeviceKey, isDeviceKey } from "#domain/event.ts";
import { userError } from "../errors.ts";
import type { ONE_OF } from "../one-of.ts";
import { builder, decodeLoosely } from "./builder.ts";

const ID = "The value of the device's `id` field.";
const KEY = "`{source}:{deviceId}`; case matters.";

type Member = (typeof ONE_OF.DeviceRef)[number];

export const DeviceRef = builder.inputType("DeviceRef", {
  description: "One device, by exactly one of its `id` and its `key`.",
  isOneOf: true,
  fields: (t) =>
    ({ id: t.id({ description: ID }), key: t.string({ description: KEY }) }) satisfies Record<Member, unknown>,
});

export const WHICH_DEVICE = "Which device. May be left out only for the deprecated `id` or `key`.";
export const instead = (member: Member): string => `Use \`by: { ${member}: … }\`.`;

/** The arguments that name a device. */
export const deviceArgs = builder.args((t) => ({
  by: t.field({ type: DeviceRef, description: WHICH_DEVICE }),
  id: t.id({ description: ID, deprecationReason: instead("id") }),
  key: t.string({ description: KEY, deprecationReason: instead("key") }),
}));

type Pair = { readonly id?: string | null | undefined; readonly key?: string | null | undefined };
/** A device by `by`, or by one of the deprecated members beside it. */
export type Named = Pair & { readonly by?: Pair | null | undefined };

type Which =
  | { readonly ok: true; readonly key: DeviceKey; readonly field: readonly string[] }
  | { readonly ok: false; readonly message: string; readonly field: readonly string[] };

/** The device that the arguments name, and the path of the one that does. */
export function whichDevice({ by, id, key }: Named): Which {
  const [first, ...others] = [
    ...namedIn(by ?? {}).map((one) => ({ ...one, field: ["by", one.member] })),
    ...namedIn({ id, key }).map((one) => ({ ...one, field: [one.member] })),
  ];
  if (!first) return { ok: false, message: "Name the device: give `by` its `id` or its `key`.", field: ["by"] };
  const second = others.at(-1);
  if (second) return { ok: false, message: "Name the device once, in `by` alone.", field: second.field };
  const { member, text, field } = first;
  if (member === "key") return isDeviceKey(text) ? { ok: true, key: text, field } : { ok: false, ...NOT_A_KEY, field };
  const node = decodeLoosely(text);
  return node.typename === "Device" && isDeviceKey(node.id)
    ? { ok: true, key: node.id, field }
    : { ok: false, ...NOT_AN_ID, field };
}

const namedIn = ({ id, key }: Pair): { member: Member; text: string }[] => [
  ...(id == null ? [] : [{ member: "id" as const, text: id }]),
  ...(key == null ? [] : [{ member: "key" as const, text: key }]),
];

export const NOT_A_KEY = {
  message: "This is not the key of a device. A key is `{source}:{deviceId}`, such as `elt:t-1`; case matters.",
};
const NOT_AN_ID = {
  message: "This is not the id of a device. Use the value of a device's `id` field, unchanged.",
};

/** @throws GraphQLError with the code BAD_USER_INPUT */
export function deviceKeyIn(named: Named): DeviceKey {
  const which = whichDevice(named);
  if (!which.ok) throw userError(which.message);
  return which.key;
}
