import { createMiddleware } from "hono/factory";
import { errorResponse } from "./error.ts";
import type { OpsContext, OpsEnv } from "./gate.ts";

/** What `Sec-Fetch-Site` says of a request of our own pages, and of an address that a person has typed or opened. */
const OURS = ["same-origin", "none"];

/**
 * Refuses requests that a page of another origin has the browser send, also one of a sibling hostname. Access
 * authenticates by a cookie, which the browser adds to such requests too.
 */
export const refuseOtherOrigins = createMiddleware(async (c, next) => {
  const origin = c.req.header("Origin");
  const site = c.req.header("Sec-Fetch-Site");
  const isOurs = (origin === undefined || origin === ownOrigin(c.req.url)) && (!site || OURS.includes(site));
  if (isOurs) return next();
  return errorResponse(
    "forbidden",
    "Nothing was done: the request was sent by a page of another origin, and only the console may send requests from a browser.",
  );
});

/**
 * A request that changes something under a person's session of Access has to prove that it comes from the console: by
 * what the browser says of its origin, and by a content type that a form cannot have. A token is proof enough: no
 * browser adds it by itself.
 */
export const requireOwnPage = createMiddleware<OpsEnv>(async (c, next) => {
  if (c.var.by !== "access" || isRead(c.req.method) || isProven(c)) return next();
  return errorResponse(
    "forbidden",
    "Nothing was done: under a session of Cloudflare Access, a change has to come from the console. Use the console, or send a token or a service token of Access.",
  );
});

const isRead = (method: string): boolean => method === "GET" || method === "HEAD" || method === "OPTIONS";

/** A browser that does not send `Sec-Fetch-Site` sends `Origin`. */
function isProven(c: OpsContext): boolean {
  const site = c.req.header("Sec-Fetch-Site");
  const isSameOrigin = site === undefined ? c.req.header("Origin") === ownOrigin(c.req.url) : site === "same-origin";
  return isSameOrigin && /^application\/(json|x-ndjson)\s*(;|$)/i.test(c.req.header("Content-Type") ?? "");
}

const ownOrigin = (url: string): string => new URL(url).origin;
