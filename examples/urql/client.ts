import { Client } from "@urql/core";
import { concordClientOptions, type UrqlOptions } from "concord-sdk/urql";

/** A client for a page of one user. `seen: keepSeen({ storage: localStorage })` lets its tabs see each other's writes. */
export const createClient = (options: UrqlOptions): Client => new Client(concordClientOptions(options));
