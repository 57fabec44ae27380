import { createMiddleware } from "hono/factory";
import { CONSISTENCY_HEADER } from "#repositories/consistency.ts";
import { type Env, readApiSettings } from "./env.ts";

/** How long a browser remembers a preflight request, in seconds. */
const REMEMBERED_SECONDS = 86_400;

/**
 * Any origin may send requests, and read every answer, errors too: callers are authenticated by a token, never by a
 * cookie. A browser whose page says `credentials: "include"` hides answers that do not name its origin, so the origins
 * of `ALLOWED_ORIGINS` are named.
 */
export const cors = createMiddleware<{ Bindings: Env }>(async (c, next) => {
  const { req } = c;
  const read = readApiSettings(c.env);
  const allowed = read.ok ? read.config.allowedOrigins : [];
  const origin = req.header("Origin");
  const isAllowed = origin !== undefined && allowed.includes(origin);
  const headers: Record<string, string> = {
    "Access-Control-Allow-Origin": isAllowed ? origin : "*",
    ...(isAllowed && { "Access-Control-Allow-Credentials": "true" }),
  };
  if (req.method === "OPTIONS") {
    // With credentials a browser takes no `*` here, so the asked headers are repeated.
    const asked = req.header("Access-Control-Request-Headers");
    return new Response(null, {
      status: 204,
      headers: {
        ...headers,
        // A PUT is refused in words, which a page could not read otherwise.
        "Access-Control-Allow-Methods": "GET, POST, PUT",
        ...(asked && { "Access-Control-Allow-Headers": asked }),
        "Access-Control-Max-Age": String(REMEMBERED_SECONDS),
        Vary: "Origin, Access-Control-Request-Headers",
      },
    });
  }
  await next();
  headers["Access-Control-Expose-Headers"] = `${CONSISTENCY_HEADER}, Retry-After`;
  for (const [name, value] of Object.entries(headers)) c.res.headers.set(name, value);
  if (allowed.length > 0) c.res.headers.append("Vary", "Origin");
});
