/** What every answer has, whatever a Worker says. */
const ALWAYS = {
  // No content type is guessed: JSON that quotes a record stays JSON.
  "X-Content-Type-Options": "nosniff",
  // For browsers that do not know `frame-ancestors`.
  "X-Frame-Options": "DENY",
  // A link out of the console would tell the other site its path.
  "Referrer-Policy": "no-referrer",
  // None of our pages use them, so no script that gets into one can.
  "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
  // Another site's window keeps no handle on ours, and ours none on its.
  "Cross-Origin-Opener-Policy": "same-origin",
  // Nothing is embedded as an image or a script. Requests with CORS, as GraphQL clients send them, are not affected.
  "Cross-Origin-Resource-Policy": "same-origin",
} as const;

/** What an answer has unless its Worker knows better. */
const OTHERWISE = {
  // An answer is data. One that a browser shows all the same, as an error page, loads and runs nothing. The console
  // has a policy of its own, which lets its own files in.
  "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "Cache-Control": "no-store",
} as const;

/** Two years. Not locally: a browser would then refuse every HTTP server on localhost. Subdomains are not ours to bind. */
const HSTS = "max-age=63072000";

/** What names the software. Cloudflare adds its own `Server` after us. */
const TELLING = ["Server", "X-Powered-By", "Via"];

/** A copy with the security headers that every answer has: of errors, redirects, files and streams too. */
export function withSecurityHeaders(answer: Response, environment: string): Response {
  // The headers of another Worker's response are immutable. The copy keeps the stream, and the socket of a 101.
  const response = new Response(answer.body, answer);
  for (const [name, value] of Object.entries(ALWAYS)) response.headers.set(name, value);
  for (const [name, value] of Object.entries(OTHERWISE))
    if (!response.headers.has(name)) response.headers.set(name, value);
  if (environment !== "local") response.headers.set("Strict-Transport-Security", HSTS);
  for (const name of TELLING) response.headers.delete(name);
  return response;
}
