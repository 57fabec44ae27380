import type * as z from "zod";
import { readAtMost } from "#base/body.ts";
import { parseJson } from "#json/parse-json.ts";
import { errorResponse } from "./error.ts";
import type { OpsContext } from "./gate.ts";

export type Read<T> = { readonly ok: true; readonly data: T } | { readonly ok: false; readonly response: Response };

/** Most bytes of a JSON body: room for a selection of twenty thousand ids. Ours. */
const MAX_BODY_BYTES = 1024 * 1024;

/**
 * Reads a JSON body by a schema.
 * @param without the value of an absent body, if the body is optional
 */
export async function readBody<T>(c: OpsContext, schema: z.ZodType<T>, without?: unknown): Promise<Read<T>> {
  const bytes = await readAtMost(c.req.raw, MAX_BODY_BYTES);
  if (!bytes) {
    const message = `Nothing was done: the body has more than ${MAX_BODY_BYTES} bytes. Send it in parts.`;
    return { ok: false, response: errorResponse("too_large", message) };
  }
  const text = new TextDecoder().decode(bytes);
  const json = text === "" ? without : parseJson(text);
  return json === undefined
    ? { ok: false, response: errorResponse("invalid_parameter", "Nothing was done: the body is not JSON.") }
    : parseInput(schema, json, "Nothing was done");
}

/**
 * Parses a query or a body by a schema. The error names every bad parameter.
 * @param kept begins the error's message: what was not done
 */
export function parseInput<T>(schema: z.ZodType<T>, input: unknown, kept: string): Read<T> {
  const { data, error } = schema.safeParse(input);
  if (!error) return { ok: true, data };
  const parameters = error.issues.flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((name) => ({ name: [...issue.path, name].join("."), message: "is not known here" }))
      : [{ name: issue.path.join(".") || "body", message: issue.message }],
  );
  const described = parameters.map(({ name, message }) => `${name} ${message}`).join("; ");
  return { ok: false, response: errorResponse("invalid_parameter", `${kept}: ${described}.`, { parameters }) };
}
