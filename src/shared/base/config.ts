import * as z from "zod";

/** A Worker's settings, or the problems of all bad variables: `NAME: what is wrong with it`, never the value. */
export type ConfigReading<Config> =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly string[] };

/**
 * Parses a Worker's variables by a schema, once for each `env`: they do not change while an isolate lives.
 * @param schemaFor the Worker's schema, which may depend on its environment
 */
export function configReader<Env extends object, Config>(
  schemaFor: (env: Env) => z.ZodType<Config>,
): (env: Env) => ConfigReading<Config> {
  const readings = new WeakMap<Env, ConfigReading<Config>>();
  return (env) => {
    const reading = readings.get(env) ?? parseEnv(schemaFor(env), env);
    readings.set(env, reading);
    return reading;
  };
}

function parseEnv<Config>(schema: z.ZodType<Config>, env: object): ConfigReading<Config> {
  const { data, error } = schema.safeParse(env);
  if (!error) return { ok: true, config: data };
  return { ok: false, problems: error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`) };
}

const UNNAMED = "must be the name of an environment, such as local or production";

/** `ENVIRONMENT`: `local`, or the name of a file in environments/. All but `local` are deployed, and strict. */
export const Environment = z.string(UNNAMED).regex(/^[a-z][a-z0-9-]*$/, UNNAMED);
