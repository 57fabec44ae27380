import type * as Kafka from "@platformatic/kafka";
export type Library = typeof Kafka;

/**
 * The client of Kafka, loaded where brokers are read. It asks for Node 22.22; what Node 20 lacks of it, the package of the
 * command line brings (packages/cli/src/node-20.ts), and zstd it then refuses by itself.
 */
export const loadLibrary = (): Promise<Library> => import("@platformatic/kafka");
