import type { HubSink, Offer } from "#objects/hub.ts";
import type { Circumstances } from "./stand-ins.ts";

/** What the simulation can do to a hub. */
export type HubCare = {
  readonly evict: (hub: string) => Promise<void>;
  readonly reset: (hub: string) => Promise<void>;
  /** Counts calls. */
  readonly called: () => void;
};

/**
 * The hubs with faults, as the consumer calls them. The consumer tries twice, so a fault of every call is one that it cannot
 * mend.
 */
export function faultyHubs(
  hubs: DurableObjectNamespace,
  { evict, reset, called }: HubCare,
  { faults, run, strike, die }: Circumstances,
) {
  const { hub: kind, hubNth, dies } = faults;
  let calls = 0;
  const deliver = async (hub: string, offers: readonly Offer[]): Promise<void> => {
    if (run.isDead) return run.die();
    called();
    // Every call, or each second one.
    const isIts = hubNth === 0 || calls++ % 2 === hubNth % 2;
    const fault = isIts ? kind : "none";
    if (fault !== "none") strike(`hub ${fault}`);
    if (isIts && dies === "before the hub") return die("handler dies before the hub");
    if (fault === "fails before") throw new Error("Network connection lost.");
    const delivered = (hubs.getByName(hub) as unknown as HubSink).deliver(offers);
    await run.hears(delivered);
    if (fault === "is evicted") await run.hears(evict(hub));
    if (fault === "is reset") await run.hears(reset(hub));
    if (fault === "fails after" || fault === "is reset") throw new Error("Network connection lost.");
    if (fault === "is repeated") await run.hears((hubs.getByName(hub) as unknown as HubSink).deliver(offers));
  };
  return { getByName: (hub: string) => ({ deliver: (offers: readonly Offer[]) => deliver(hub, offers) }) };
}
