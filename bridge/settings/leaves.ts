import type * as z from "zod";
import { type About, BridgeSettings } from "./schema.ts";

/** How text of a flag or a variable is read. */
export type Kind = "text" | "number" | "boolean" | "list" | "secret";

/** One setting, with the names by which each source gives it. */
export type Leaf = About & {
  readonly path: readonly string[];
  /** `parcel.lingerMs` */
  readonly name: string;
  readonly kind: Kind;
  /** All values that it may have, if they are few. */
  readonly choices?: readonly string[];
  readonly default: unknown;
  /** `parcel-linger-ms`; of a secret that of its file: `credential-file`. */
  readonly flag: string;
  /** `CONCORD_BRIDGE_PARCEL_LINGER_MS`; a secret's file has `_FILE` behind it. */
  readonly env: string;
};

/** What every variable of the bridge begins with, those excepted that other commands have too. */
export const ENV_PREFIX = "CONCORD_BRIDGE_";

const KINDS: Readonly<Record<string, Kind>> = {
  array: "list",
  boolean: "boolean",
  custom: "secret",
  enum: "text",
  number: "number",
  string: "text",
};

/** All settings, in the order of the schema: flags, variables, help, documentation and the example follow from it. */
export const LEAVES: readonly Leaf[] = leavesOf(BridgeSettings, []);

/** The groups of settings: `parcel`, `tls`. */
export const GROUPS: readonly string[] = [
  ...new Set(LEAVES.flatMap(({ path }) => (path.length > 1 ? path[0] : []))),
].filter((name) => name !== undefined);

export const leafAt = (name: string): Leaf => {
  const found = LEAVES.find((leaf) => leaf.name === name);
  if (!found) throw new Error(`there is no setting ${name}`);
  return found;
};

/** The name of a setting in the file. */
export const memberOf = ({ name, kind }: Leaf): string => (kind === "secret" ? `${name}File` : name);

function leavesOf(group: z.ZodObject, above: readonly string[]): Leaf[] {
  return Object.entries(group.shape).flatMap(([member, schema]) => {
    const path = [...above, member];
    const { type, inner, default: given } = unwrap(schema as Definition);
    const choices = type === "boolean" ? ["true", "false"] : inner.options;
    if (type === "object") return leavesOf(schema as z.ZodObject, path);
    const kind = KINDS[type];
    const about = (schema as z.ZodType).meta() as About | undefined;
    if (!kind || !about) throw new Error(`the setting ${path.join(".")} has no kind or no summary (${inner.def.type})`);
    // `--proxy` names its URL, and `--tls true` turns it on.
    const named = path.length > 1 && ["url", "enabled"].includes(member) ? above : path;
    const words = named.map((each) => each.replace(/[A-Z]/g, (upper) => `-${upper.toLowerCase()}`)).join("-");
    const env = about.env ?? `${ENV_PREFIX}${words.replaceAll("-", "_").toUpperCase()}`;
    const flag = kind === "secret" ? `${words}-file` : words;
    return { ...about, path, name: path.join("."), kind, default: given, flag, env, ...(choices && { choices }) };
  });
}

/** The part of a schema that is read here. */
type Definition = {
  /** Of an enum. */
  readonly options?: readonly string[];
  readonly def: { readonly type: string; readonly innerType?: Definition; readonly defaultValue?: unknown };
};

/** What is inside of a default or an optional. */
function unwrap(schema: Definition): { readonly type: string; readonly inner: Definition; readonly default: unknown } {
  const { type, innerType, defaultValue } = schema.def;
  if (!innerType) return { type, inner: schema, default: undefined };
  const { type: innerKind, inner } = unwrap(innerType);
  return { type: innerKind, inner, default: defaultValue };
}
