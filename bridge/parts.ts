import type { BridgeParts } from "./main.ts";

/** The parts of a real bridge. Each is loaded when it is used. */
export const PARTS: BridgeParts = {
  openSource: async (source, emit) => {
    if (source.kind === "brokers") return (await import("./kafka/source.ts")).brokerSource(source.settings, emit);
    return (await import("./proxy/source.ts")).proxySource(source.settings, emit);
  },
  openDecoder: async (registry, emit) => {
    if (registry === null) return async (records) => records;
    return (await import("./registry/registry-decoder.ts")).registryDecoder(registry, emit);
  },
};
