import type * as z from "zod";
import { readerVarsSchema } from "#auth/reader-settings.ts";
import { ObjectWrites } from "#objects/object-writes.ts";
import type { Environment } from "../environment.ts";

/**
 * What is wrong with the settings' values, by the schemas with which the Workers read them: a Worker that cannot read one
 * serves nothing, which is better known before a deployment. A setting that its Workers take as any text has no schema.
 */
export function settingProblems({ name, settings }: Environment): string[] {
  const schemas: Readonly<Record<string, z.ZodType>> = {
    ...readerVarsSchema({ ENVIRONMENT: name, ...settings }).shape,
    DEVICE_OBJECT_WRITES: ObjectWrites,
  };
  return Object.entries(settings).flatMap(([setting, value]) => {
    // Whether there is another way in than keys is known only where the secrets are.
    if (setting === "TOKEN_KEYS" && value === "") return [];
    const issues = schemas[setting]?.safeParse(value).error?.issues ?? [];
    return issues.map(({ path, message }) => `${["settings", setting, ...path].join(".")}: ${message}`);
  });
}
