import { concordMissingFieldHandlers, concordNetwork, type RelayOptions } from "concord-sdk/relay";
import { Environment, RecordSource, Store } from "relay-runtime";

/** An environment for a page of one user. `seen: keepSeen({ storage: localStorage })` lets its tabs see each other's writes. */
export const createEnvironment = (options: RelayOptions): Environment =>
  new Environment({
    network: concordNetwork(options),
    store: new Store(new RecordSource()),
    missingFieldHandlers: [...concordMissingFieldHandlers],
  });
