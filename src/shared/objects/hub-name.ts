import { fnv1a } from "#base/fnv.ts";

/** Hubs of one location. Ours: an address has one of them, so an office's screens are behind one hub. */
const HUBS_A_LOCATION = 16;

/**
 * The name of the hub that holds a client's sockets: near the client, and the same one each time.
 * @param request the client's, for the location that it arrived at
 * @param address as rate limits count it
 */
export const hubNameOf = (request: Arrived, address: string): string =>
  `${coloOf(request)}-${fnv1a(address) % HUBS_A_LOCATION}`;

/** Where a request arrived, by the three letters of the location; `local` on a machine of ours. */
export function coloOf({ cf }: Arrived): string {
  const colo = (cf as { readonly colo?: unknown } | undefined)?.colo;
  return typeof colo === "string" ? colo : "local";
}

type Arrived = { readonly cf?: unknown };
