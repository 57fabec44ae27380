import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A connection between a client and the platform that can be cut, as a network does. */
export type Line = {
  readonly url: URL;
  /** Ends every connection that is open. The next one is let through. */
  readonly cut: () => void;
  readonly close: () => void;
};

/**
 * Carries bytes to the platform and back.
 * @param target where the platform listens
 * @param address from which the platform sees the client come: its limits are by address
 */
export async function openLine(target: URL, address: string): Promise<Line> {
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const platform = connect(Number(target.port), target.hostname);
    for (const [one, other] of [
      [client, platform],
      [platform, client],
    ] as const) {
      open.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        open.delete(one);
        other.destroy();
      });
    }
    // The edge says where a request comes from. Here that is said in the first request of a connection.
    client.once("data", (bytes: Buffer) => {
      const firstLine = bytes.indexOf("\r\n") + 2;
      platform.write(bytes.subarray(0, firstLine));
      platform.write(`CF-Connecting-IP: ${address}\r\n`);
      platform.write(bytes.subarray(firstLine));
      client.pipe(platform);
    });
    platform.pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = () => {
    for (const socket of open) socket.destroy();
  };
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    cut,
    close: () => {
      cut();
      server.close();
    },
  };
}
