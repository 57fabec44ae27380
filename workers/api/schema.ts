import { schemaTag, schemaText } from "#graphql/schema-text.ts";

/** How long a cache may answer for us after a deployment, in seconds. Ours: whoever generates code asks once a build. */
const MAX_AGE_SECONDS = 300;

/** The schema as text, for tools that read it by its address. The same for everybody, so that no token is asked for. */
export async function answerSchema(request: Request): Promise<Response> {
  const tag = await schemaTag();
  const headers = {
    "Content-Type": "text/plain; charset=utf-8",
    "Cache-Control": `public, max-age=${MAX_AGE_SECONDS}`,
    ETag: tag,
  };
  if (isKnown(request.headers.get("If-None-Match"), tag)) return new Response(null, { status: 304, headers });
  return new Response(schemaText(), { headers });
}

/** By RFC 9110, 13.1.2: a weak tag matches too, since a proxy that compresses makes ours weak. */
const isKnown = (known: string | null, tag: string): boolean =>
  (known ?? "").split(",").some((one) => ["*", tag].includes(one.trim().replace(/^W\//, "")));
