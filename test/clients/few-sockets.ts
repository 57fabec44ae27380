import { join } from "node:path";
import { copyConfig } from "../support/config-copy.ts";

const CONFIG = "workers/devices/wrangler.toml";
const OWN = "simple = { limit = 600, period = 60 }";
/** Sockets a minute and address: more than the tests need from any one address. */
const FEW = 100;

/**
 * `configOf` of a stack in which an address may open few sockets a minute: to use up the usual limit takes longer than all
 * other tests together.
 * @param folder for the config that takes the place of the Worker's own
 */
export const fewSockets =
  (folder: string) =>
  async (config: string): Promise<string> => {
    if (config !== CONFIG) return config;
    return copyConfig(config, join(folder, "devices.toml"), (text) => {
      if (!text.includes(OWN)) throw new Error(`${CONFIG} has another limit than ${OWN}: change it here too`);
      return text.replace(OWN, OWN.replace("600", String(FEW)));
    });
  };
