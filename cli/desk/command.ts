import { userInfo } from "node:os";
import { parseArgs } from "node:util";
import { defineCommand } from "citty";
import { signDeskToken } from "../../src/shared/auth/desk-user.ts";
import { LOCAL_TOKEN_SECRET } from "../../src/shared/auth/token.ts";
import { UsageError } from "../usage-error.ts";
import { DeskClient } from "./client.ts";

type Option = { readonly type: "string" | "boolean"; readonly description: string; readonly multiple?: true };
type Options = Readonly<Record<string, Option>>;

type ValueOf<O extends Option> = O["type"] extends "boolean"
  ? boolean
  : O extends { multiple: true }
    ? string[]
    : string;
type ValuesOf<O extends Options> = { readonly [Name in keyof O]?: ValueOf<O[Name]> | undefined };

/** What a command of the desk works with. */
export type Desk = {
  readonly client: DeskClient;
  /** Prints what the API said as it said it, where `--json` asks for that, else lines for people. */
  readonly print: (json: unknown, lines: () => readonly string[]) => void;
  readonly isJson: boolean;
  readonly width: number;
  readonly nowMs: number;
};

type Spec<O extends Options> = {
  readonly name: string;
  readonly description: string;
  /** What stands without a name, and whether it has to. */
  readonly positional?: { readonly name: string; readonly description: string; readonly required?: false };
  readonly options?: O;
  readonly run: (desk: Desk, values: ValuesOf<O>, positional: string) => Promise<void>;
};

const COMMON = {
  url: { type: "string", description: "Where the platform is; else CONCORD_URL, else http://127.0.0.1:8787" },
  json: { type: "boolean", description: "Prints what the API says, for scripts" },
} as const satisfies Options;

/** citty keeps only the last of a repeated option and lets misspelled ones pass, so it writes the help, and we read. */
export function deskCommand<const O extends Options>({ name, description, positional, options, run }: Spec<O>) {
  const all: Options = { ...options, ...COMMON };
  return defineCommand({
    meta: { name, description },
    args: {
      ...(positional && {
        [positional.name]: {
          type: "positional" as const,
          description: positional.description,
          required: positional.required ?? true,
        },
      }),
      ...Object.fromEntries(Object.entries(all).map(([key, { type, description }]) => [key, { type, description }])),
    },
    async run({ rawArgs }) {
      const { values, positionals } = read(rawArgs, all);
      const [given = ""] = positionals;
      const unexpected = positionals.slice(positional ? 1 : 0);
      if (unexpected.length > 0) throw new UsageError(`unexpected ${unexpected.join(" ")}`);
      if (positional && positional.required !== false && given === "")
        throw new UsageError(`say which: concord dlq ${name} <${positional.name}>`);
      await run(await deskOf(values), values as ValuesOf<O>, given);
    },
  });
}

function read(args: string[], options: Options) {
  try {
    const known = Object.fromEntries(
      Object.entries(options).map(([name, { type, multiple }]) => [name, { type, ...(multiple && { multiple }) }]),
    );
    const { values, positionals } = parseArgs({ args, options: known, allowPositionals: true });
    return { values: values as Record<string, unknown>, positionals };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function deskOf(values: Record<string, unknown>): Promise<Desk> {
  const text = (values.url as string | undefined) ?? process.env.CONCORD_URL ?? "http://127.0.0.1:8787";
  if (!URL.canParse(text)) throw new UsageError(`--url ${text} is no URL`);
  const url = new URL(text);
  const isJson = values.json === true;
  return {
    client: new DeskClient(url, await tokenFor(url)),
    print: (json, lines) => console.log(isJson ? JSON.stringify(json) : lines().join("\n")),
    isJson,
    width: process.stdout.columns ?? 160,
    nowMs: Date.now(),
  };
}

/** On one's own machine the local secret signs for whoever sits there; everywhere else a token has to be given. */
async function tokenFor({ hostname }: URL): Promise<string> {
  const given = process.env.CONCORD_TOKEN;
  if (given) return given;
  if (!["127.0.0.1", "localhost", "[::1]"].includes(hostname)) {
    throw new UsageError("CONCORD_TOKEN is not set; `concord token --role operator --as you@example.com` prints one");
  }
  return signDeskToken({ actor: userInfo().username, role: "admin" }, LOCAL_TOKEN_SECRET, "1h");
}

/** Options that narrow letters down, by the names that the API has for them. */
export const FILTER = {
  state: { type: "string", description: "open, replaying, resolved, discarded or quarantined" },
  topic: { type: "string", description: "A topic" },
  source: { type: "string", description: "infinity, elt or ecobee" },
  device: { type: "string", description: "A device's key, as elt:T-1" },
  reason: { type: "string", description: "Why it failed: schema_mismatch, fault, …" },
  group: { type: "string", description: "A group's id" },
  since: { type: "string", description: "Failed last at this time or later (RFC 3339)" },
  until: { type: "string", description: "Failed last before this time" },
  text: { type: "string", description: "Words of it that are not personal" },
} as const satisfies Options;

export function filterOf(values: Readonly<Record<string, unknown>>): Record<string, string> {
  const names = Object.keys(FILTER).filter((name) => typeof values[name] === "string");
  return Object.fromEntries(names.map((name) => [name, values[name] as string]));
}

export const SELECTION = {
  ...FILTER,
  id: { type: "string", multiple: true, description: "A letter's id; repeat it" },
} as const satisfies Options;

/** What is to be done something to: letters by id, a group, or a filter. Nothing at all is refused, for it would mean all. */
export function selectionOf(values: Readonly<Record<string, unknown>>): object {
  const filter = filterOf(values);
  const ids = values.id as string[] | undefined;
  if (ids && Object.keys(filter).length > 0) throw new UsageError("--id goes alone, without a filter");
  if (ids) return { ids };
  if (Object.keys(filter).length === 0)
    throw new UsageError("say which letters: --id, --group, or a filter as --topic, --reason, --device");
  const { group, ...others } = filter;
  return group !== undefined && Object.keys(others).length === 0 ? { group } : { filter };
}
