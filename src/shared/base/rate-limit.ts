/**
 * The platform's rate limiter, which counts per key and location. It is free, approximate, and resets with each period:
 * developers.cloudflare.com/workers/runtime-apis/bindings/rate-limit
 */
export type Limiter = { limit(options: { readonly key: string }): Promise<{ readonly success: boolean }> };

export const isWithinLimit = async (limiter: Limiter, key: string): Promise<boolean> =>
  (await limiter.limit({ key })).success;

/** The periods of our limiters, in seconds: after that, a caller may try again. */
export const SHORT_WAIT_SECONDS = 10;
export const LONG_WAIT_SECONDS = 60;

/**
 * The client's IP address, for rate limits; `local` if there is none. For IPv6 it is the /64 network, because a host can
 * use any address in it.
 */
export function clientAddress(headers: Headers): string {
  const address = headers.get("CF-Connecting-IP") ?? "local";
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.toLowerCase().split("::");
  const before = head === "" ? [] : head.split(":");
  const behind = tail ? tail.split(":") : [];
  const gap = tail === undefined ? 0 : Math.max(0, 8 - before.length - behind.length);
  const groups = [...before, ...Array<string>(gap).fill("0"), ...behind];
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":")}::/64`;
}
