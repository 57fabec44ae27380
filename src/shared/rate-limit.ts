/**
 * What counts: the platform's rate limiting, per key and location. It costs nothing, is permissive, and forgets when its
 * period is over: developers.cloudflare.com/workers/runtime-apis/bindings/rate-limit
 */
export type Limiter = { limit(options: { readonly key: string }): Promise<{ readonly success: boolean }> };

export const isWithin = async (limiter: Limiter, key: string): Promise<boolean> =>
  (await limiter.limit({ key })).success;

/** Seconds in which all of ours have moved on; they count over ten or sixty. */
export const SHORT_WAIT_SECONDS = 10;
export const LONG_WAIT_SECONDS = 60;

/**
 * The address that a request came from, as the platform tells it. Of IPv6 it is the network, because a host has as many
 * addresses in it as it likes. Locally there may be none.
 */
export function addressOf(headers: Headers): string {
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
