import { shouldRenderGraphiQL } from "graphql-yoga";
import { LOCAL_TOKEN_KEY } from "#auth/local-key.ts";
import type { ReaderSettings } from "#auth/reader-settings.ts";
import { signToken } from "#auth/token.ts";
import { isLocalKey } from "#auth/token-keys.ts";
import type { Env } from "./env.ts";

/**
 * The console's policy, wider by what GraphiQL's editor needs: workers of this origin, style sheets that it writes itself
 * and fonts within a sheet. A style runs no code, and can load nothing from another origin.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self' data:",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

const ASSETS = "/graphql/assets/";
const SETTINGS = "/graphql/graphiql.json";

/** The name of a file that changes with its contents. */
const HASHED = /\/part-[A-Z0-9]+\.\w+$/;

type Page = {
  readonly settings: ReaderSettings;
  readonly env: Pick<Env, "ENVIRONMENT" | "GRAPHIQL">;
};

/** Serves GraphiQL to a browser that opens /graphql, and its files. `undefined` for all other requests. */
export async function serveGraphiQL(request: Request, { settings, env }: Page): Promise<Response | undefined> {
  if (request.method !== "GET") return undefined;
  const { pathname, origin, search } = new URL(request.url);
  if (pathname === SETTINGS) {
    const token = await localToken(settings);
    return Response.json({ environment: env.ENVIRONMENT, token });
  }
  const isPage = pathname === "/graphql" && search === "" && shouldRenderGraphiQL(request);
  if (!isPage && !pathname.startsWith(ASSETS)) return undefined;
  const headers = new Headers();
  const known = request.headers.get("If-None-Match");
  if (known) headers.set("If-None-Match", known);
  // The platform serves "index.html" under its folder's path.
  const found = await env.GRAPHIQL.fetch(new URL(isPage ? "/graphql/" : pathname, origin), { headers });
  if (found.status === 404) return undefined;
  const response = new Response(found.body, found);
  response.headers.set("Content-Security-Policy", POLICY);
  // A deployment changes files without a hash and keeps their names, so a browser has to revalidate its copies.
  response.headers.set("Cache-Control", HASHED.test(pathname) ? "public, max-age=31536000, immutable" : "no-cache");
  if (isPage) response.headers.set("Vary", "Accept");
  return response;
}

/** A token of role ops where the local key is accepted: that key is public, so a signed token reveals nothing. */
async function localToken({ isLocal, trust }: ReaderSettings): Promise<string | null> {
  const isOpen = isLocal && trust.keys?.keys.some(isLocalKey);
  return isOpen ? signToken({ role: "ops" }, LOCAL_TOKEN_KEY, "12h") : null;
}
