import type { Env } from "./env.ts";

/**
 * What a browser may do with the console: run and load what comes from here, and talk to here. Nothing inline, nothing
 * of others, in no frame, and no text that becomes markup.
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
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  // The files change with a deployment and keep their names: a browser asks whether its own are still the ones.
  "Cache-Control": "no-cache",
};

const FILES: Readonly<Record<string, string>> = {
  // The platform takes "index.html" off what it serves.
  "/ops": "/ops/",
  "/ops/console.js": "/ops/console.js",
  "/ops/console.css": "/ops/console.css",
};

/** The console to a browser that opens /ops, and the files it is made of; `undefined` for everything else. */
export async function consoleFile(request: Request, { CONSOLE }: Pick<Env, "CONSOLE">): Promise<Response | undefined> {
  const url = new URL(request.url);
  const file = FILES[url.pathname];
  if (!file || request.method !== "GET") return undefined;
  // Scripts that ask /ops get the list of what is served.
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
