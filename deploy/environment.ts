import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parse, TomlError } from "smol-toml";
import * as z from "zod";
import { ROOT } from "../local/tool.ts";
import { CommandError } from "./command/command-error.ts";

/** Where D1 may have its primary, and R2 a bucket; wrangler's own words. Both have the same jurisdictions. */
const LOCATIONS = ["weur", "eeur", "apac", "oc", "wnam", "enam"] as const;
const JURISDICTIONS = ["eu", "us", "fedramp"] as const;

const STREAM = {
  /** The share of invocations that are kept: 0 to 1. */
  sampling: z.number().min(0).max(1).default(1),
  /** Names of OpenTelemetry destinations of the account. */
  destinations: z.array(z.string().min(1)).default([]),
  /** Whether Cloudflare stores them too, where the dashboard finds them. */
  persist: z.boolean().default(true),
} as const;

type Stream = { readonly destinations: readonly string[]; readonly persist: boolean };
const goesSomewhere = ({ destinations, persist }: Stream): boolean => persist || destinations.length > 0;
const NOWHERE = { path: ["persist"], message: "is false and there are no destinations: sampling = 0 switches it off" };

const Traces = z.strictObject(STREAM).refine(goesSomewhere, NOWHERE);
const Logs = z
  .strictObject({
    ...STREAM,
    /** Whether each invocation is a line of its own, beside those that the code writes. */
    invocations: z.boolean().default(true),
  })
  .refine(goesSomewhere, NOWHERE);

const Hostname = z.string().regex(/^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/, "must be a hostname");

const Route = z
  .string()
  .regex(/^(?:\*\.?)?[a-z0-9.-]+\/\S*$/, "must be a hostname and a path without a scheme, as api.example.com/*");

/** From one step to the next the share grows, and the last one is all. */
const isRising = (steps: readonly number[]): boolean => steps.every((step, i) => i === 0 || step > (steps[i - 1] ?? 0));

const FrontDoor = z
  .strictObject({
    address: z.union([z.literal("workers.dev"), Hostname]),
    /** Patterns of further routes, such as `api.example.com/*`. */
    routes: z.array(Route).default([]),
  })
  .refine(({ address, routes }) => address !== "workers.dev" || routes.length === 0, {
    path: ["routes"],
    message: "need a hostname as the address: the one on workers.dev would stay open beside them",
  });

const Archive = z
  .strictObject({
    /** Whether settled records are kept in a bucket. */
    enabled: z.boolean().default(false),
    location: z.enum(LOCATIONS).optional(),
    jurisdiction: z.enum(JURISDICTIONS).optional(),
    /** The id of a stream of Cloudflare's Pipelines, which gets a copy of what is merged: docs/analytics.md. */
    stream: z
      .string()
      .regex(/^[0-9a-f]{32}$/, "must be the id of a stream: 32 hex digits")
      .optional(),
    /** The second database, for a rebuild. */
    rebuilt: z.strictObject({ id: z.guid() }).optional(),
  })
  .default({ enabled: false });

const EnvironmentFile = z
  .strictObject({
    /** Tells the rate limits of the environments in one account apart. No two environments have the same. */
    number: z.number().int().min(1).max(9),
    account: z
      .string()
      .regex(/^[0-9a-f]{32}$/, "must be an account id: 32 hex digits")
      .optional(),
    front_door: FrontDoor,
    database: z.strictObject({
      id: z.guid(),
      location: z.enum(LOCATIONS),
      jurisdiction: z.enum(JURISDICTIONS).optional(),
      read_replication: z.boolean().default(true),
    }),
    archive: Archive,
    rollout: z.strictObject({
      steps: z
        .array(z.number().int().min(0).max(100))
        .min(1)
        .refine((steps) => steps.at(-1) === 100 && isRising(steps), "must rise, and end at 100")
        .default([0, 10, 50, 100]),
      pause_seconds: z.number().int().min(0).max(3_600).default(60),
    }),
    logs: Logs,
    traces: Traces,
    /** Whether the account's Logpush jobs for Workers get each invocation. */
    logpush: z.boolean().default(false),
    /** Requests per period of a Worker's rate limit, where the environment has another number than the local one. */
    limits: z.record(z.string(), z.record(z.string(), z.number().int().min(1))).default({}),
    /** Workers' variables that the environment sets; each goes to the Workers whose wrangler.toml names it. */
    settings: z.record(z.string().regex(/^[A-Z][A-Z0-9_]*$/), z.string()).default({}),
  })
  .refine(({ database, archive: { rebuilt } }) => rebuilt?.id.toLowerCase() !== database.id.toLowerCase(), {
    path: ["archive", "rebuilt", "id"],
    message: "is that of [database]: a rebuild would be read as the live state",
  });

/** One deployed environment: its name, and what environments/{name}.toml says of it. */
export type Environment = z.output<typeof EnvironmentFile> & { readonly name: string };

const FOLDER = join(ROOT, "environments");
const pathOf = (name: string): string => join(FOLDER, `${name}.toml`);

/** The names of all environments that are deployed, such as `staging`. */
export const environmentNames = (): string[] =>
  readdirSync(FOLDER)
    .filter((file) => file.endsWith(".toml"))
    .map((file) => basename(file, ".toml"))
    .sort();

/** As a sentence lists them: `preview, production and staging`. */
export const inWords = (names: readonly string[]): string => new Intl.ListFormat("en-GB").format(names);

/** An environment's file is missing or says something that cannot be. The message is for whoever wrote the file. */
export class EnvironmentError extends CommandError {
  override readonly name = "EnvironmentError";
  override readonly exitCode = 2;
}

/** @throws EnvironmentError that names the file, and the line or the member */
export function readEnvironment(name: string): Environment {
  const known = environmentNames();
  if (!known.includes(name)) {
    throw new EnvironmentError(`There is no environments/${name}.toml; there are ${inWords(known)}.`);
  }
  return parseEnvironment(name, readFileSync(pathOf(name), "utf8"));
}

/** All of them. @throws EnvironmentError as above */
export const readEnvironments = (): readonly Environment[] => environmentNames().map(readEnvironment);

/** @throws EnvironmentError as above, or for a name that Workers cannot have at their end */
export function parseEnvironment(name: string, text: string): Environment {
  if (name === "local" || !/^[a-z][a-z0-9-]{0,31}$/.test(name)) {
    throw new EnvironmentError(
      `environments/${name}.toml: an environment is named with up to 32 of a-z, 0-9 and -, and not "local".`,
    );
  }
  const { data, error } = EnvironmentFile.safeParse(parseToml(name, text));
  if (data) return { ...data, name };
  const problems = error.issues.map(({ path, message }) => `${path.join(".") || "the file"}: ${message}`);
  throw new EnvironmentError(`environments/${name}.toml: ${problems.join("; ")}. Nothing was changed.`);
}

function parseToml(name: string, text: string): unknown {
  try {
    return parse(text);
  } catch (thrown) {
    if (!(thrown instanceof TomlError)) throw thrown;
    const what = thrown.message.split("\n")[0];
    throw new EnvironmentError(`environments/${name}.toml, line ${thrown.line}: ${what}. Nothing was changed.`);
  }
}

/** A database that was never made has this id, with another last digit for each environment. */
export const isPlaceholder = (id: string): boolean => id.startsWith("00000000-0000-4000-8000-");

/** The table that has a database's id: that of the live one, or that of the one for rebuilds. */
export type DatabaseSection = "database" | "archive.rebuilt";

/** Writes a database's id into the environment's file. @throws EnvironmentError as above */
export function writeDatabaseId(name: string, section: DatabaseSection, id: string): void {
  writeFileSync(pathOf(name), withDatabaseId(name, readFileSync(pathOf(name), "utf8"), section, id));
}

/** The file with another id for this database; its comments stay. @throws EnvironmentError as above */
export function withDatabaseId(name: string, text: string, section: DatabaseSection, id: string): string {
  const line = new RegExp(`^(\\[${section.replace(".", "\\.")}\\]\\n(?:(?!\\[).*\\n)*?id = ")[^"]*(")`, "m");
  const changed = text.replace(line, `$1${id}$2`);
  const { database, archive } = parseEnvironment(name, changed);
  if ((section === "database" ? database : archive.rebuilt)?.id === id) return changed;
  throw new EnvironmentError(`environments/${name}.toml has no line \`id = "…"\` in [${section}]; the id is ${id}.`);
}

/** What only one environment may have. */
const OWN: readonly {
  readonly of: (environment: Environment) => readonly string[];
  readonly what: string;
  readonly why: string;
}[] = [
  {
    of: ({ database, archive: { rebuilt } }) =>
      [database.id, ...(rebuilt ? [rebuilt.id] : [])].filter((id) => !isPlaceholder(id)).map((id) => id.toLowerCase()),
    what: "database",
    why: "what is tried in one would be done to the devices of the other",
  },
  {
    of: ({ front_door: { address, routes } }) => [
      ...(address === "workers.dev" ? [] : [address]),
      ...new Set(routes.map((route) => route.replace(/\/.*$/, ""))),
    ],
    what: "hostname",
    why: "whichever is deployed last would get the requests of the other",
  },
  {
    of: ({ settings }) => [
      ...new Set([...(settings.TOKEN_KEYS ?? "").matchAll(/"x"\s*:\s*"([^"]+)"/g)].map(([, x]) => x ?? "")),
    ],
    what: "key of TOKEN_KEYS",
    why: "a token does not say for which environment it was signed, so each would accept those of the other",
  },
];

/** @throws EnvironmentError if two environments have a database, a hostname or a key in common */
export function checkApart(environments: readonly Environment[]): void {
  for (const { of, what, why } of OWN) {
    const first = new Map<string, string>();
    for (const environment of environments) {
      for (const value of of(environment)) {
        const other = first.get(value);
        if (other !== undefined && other !== environment.name) {
          throw new EnvironmentError(
            `environments/${other}.toml and environments/${environment.name}.toml have the same ${what}, ${value}: ${why}. Nothing was changed.`,
          );
        }
        first.set(value, environment.name);
      }
    }
  }
}
