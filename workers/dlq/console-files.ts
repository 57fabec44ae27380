import type { Env } from "./env.ts";

/**
 * Lets a browser load and run files of this origin and send requests to it. Refuses inline scripts, other origins,
 * frames, and text that becomes markup.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src data:",
  "connect-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

const HEADERS = {
  "Content-Security-Policy": POLICY,
  // A deployment changes the files and keeps their names, so a browser has to revalidate its copies.
  "Cache-Control": "no-cache",
};

const FILES: Readonly<Record<string, string>> = {
  // The platform serves "index.html" under its folder's path.
  "/ops": "/ops/",
  // Where a person comes back to from signing in at Access.
  "/ops/sign-in": "/ops/",
  "/ops/console.js": "/ops/console.js",
  "/ops/console.css": "/ops/console.css",
};

/** Serves the console's page to a browser that opens /ops, and its files. `undefined` for all other requests. */
export async function serveConsole(request: Request, { CONSOLE }: Pick<Env, "CONSOLE">): Promise<Response | undefined> {
  const url = new URL(request.url);
  const file = FILES[url.pathname];
  if (!file || request.method !== "GET") return undefined;
  // Other clients of /ops get the list of endpoints.
  if (url.pathname === "/ops" && !request.headers.get("Accept")?.includes("text/html")) return undefined;
  const headers = new Headers();
  const known = request.headers.get("If-None-Match");
  if (known) headers.set("If-None-Match", known);
  const found = await CONSOLE.fetch(new URL(file, url.origin), { headers });
  const response = new Response(found.body, found);
  for (const [name, value] of Object.entries(HEADERS)) response.headers.set(name, value);
  if (url.pathname === "/ops") response.headers.set("Vary", "Accept");
  return response;
}
