import * as z from "zod";
import { LOCAL_TOKEN_SECRET } from "../../src/shared/auth/token.ts";
import type { Parcel } from "../../src/shared/queue/parcel.ts";
import { DeadLetterRepository } from "../../src/shared/repositories/dead-letter.ts";
import { METRICS_OBJECT_NAME } from "../../src/shared/telemetry/metrics.ts";
import type { MetricsObject } from "./metrics-object.ts";
import type { OperationsDeps } from "./operations.ts";
import type { ParkDeps } from "./park.ts";

/** The bindings and variables of wrangler.toml. */
export type Env = {
  readonly ENVIRONMENT: string;
  readonly TOKEN_SECRET: string;
  readonly DB: D1Database;
  readonly EVENTS: Queue<Parcel>;
  readonly SUSPECTS: Queue<Parcel>;
  readonly DEAD_LETTERS: Queue;
  readonly METRICS: DurableObjectNamespace<MetricsObject>;
  readonly VERSION?: WorkerVersionMetadata;
};

const Vars = z
  .object({
    ENVIRONMENT: z.enum(["local", "staging", "production"], "must be local, staging or production"),
    TOKEN_SECRET: z.string("is missing; set it with `wrangler secret put TOKEN_SECRET`"),
  })
  .check(({ value, issues }) => {
    if (value.ENVIRONMENT === "local") return;
    const message =
      value.TOKEN_SECRET === LOCAL_TOKEN_SECRET
        ? "is the one for local development, which everybody knows; set another with `wrangler secret put TOKEN_SECRET`"
        : value.TOKEN_SECRET.length < 32
          ? "is shorter than 32 characters; set a longer one with `wrangler secret put TOKEN_SECRET`"
          : undefined;
    // The input of an issue may end up in a log, so it is not the secret.
    if (message) issues.push({ code: "custom", path: ["TOKEN_SECRET"], message, input: undefined });
  });

export type Config = z.output<typeof Vars>;

export type ConfigReading =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Reads the variables, and names every bad one at once. */
export function readConfig(env: Env): ConfigReading {
  const { data, error } = Vars.safeParse(env);
  if (data) return { ok: true, config: data };
  return { ok: false, problems: error.issues.map(({ path, message }) => `${path.join(".")} ${message}`) };
}

export const parkDepsOf = (env: Env): ParkDeps => ({
  letters: new DeadLetterRepository(env.DB),
  suspects: env.SUSPECTS,
  deadLetters: env.DEAD_LETTERS,
  metrics: metricsOf(env),
  workerVersion: env.VERSION?.id || "local",
  random: Math.random,
});

export const operationsDepsOf = (env: Env, { TOKEN_SECRET }: Config): OperationsDeps => ({
  letters: new DeadLetterRepository(env.DB),
  events: env.EVENTS,
  metrics: metricsOf(env),
  tokenSecret: TOKEN_SECRET,
  now: Date.now,
});

const metricsOf = ({ METRICS }: Env) => METRICS.getByName(METRICS_OBJECT_NAME);
