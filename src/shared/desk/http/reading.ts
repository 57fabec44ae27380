import type * as z from "zod";
import { readAtMost } from "../../http/body.ts";
import { parseJson } from "../../json/parse-json.ts";
import { errorResponse } from "./error.ts";
import type { DeskContext } from "./gate.ts";

export type Read<T> = { readonly ok: true; readonly data: T } | { readonly ok: false; readonly response: Response };

/** Of a JSON body: a selection of twenty thousand ids has room, and what JSON.parse makes of it as well. Ours. */
const MAX_BODY_BYTES = 1024 * 1024;

/** A JSON body by its schema. @param without what stands for no body at all, where there need be none */
export async function bodyOf<T>(c: DeskContext, schema: z.ZodType<T>, without?: unknown): Promise<Read<T>> {
  const bytes = await readAtMost(c.req.raw, MAX_BODY_BYTES);
  if (!bytes) {
    const message = `Nothing was done: a body may have ${MAX_BODY_BYTES} bytes. Send less at once, in parts.`;
    return { ok: false, response: errorResponse("too_large", message) };
  }
  const text = new TextDecoder().decode(bytes);
  const json = text === "" ? without : parseJson(text);
  return json === undefined
    ? { ok: false, response: errorResponse("invalid_parameter", "Nothing was done: the body is not JSON.") }
    : readBy(schema, json, "Nothing was done");
}

/** Reads by a schema, and names everything that is wrong at once. */
export function readBy<T>(schema: z.ZodType<T>, input: unknown, kept: string): Read<T> {
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
