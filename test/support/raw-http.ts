import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { basic } from "./rest-proxy.ts";

/** A request to a v3 stream that is still being written while its receipts come in. */
export function openStream(url: URL, path: string) {
  const upload = request(new URL(path, url), {
    method: "POST",
    headers: { Authorization: basic("dev:dev"), "Content-Type": "application/json" },
    agent: false,
  });
  upload.setNoDelay(true);
  upload.setTimeout(10_000, () => upload.destroy(new Error("the stream stands still")));
  upload.flushHeaders();
  // A test that gives the stream up closes it, which is no error of the test.
  upload.on("error", () => {});
  const answered = once(upload, "response") as Promise<[IncomingMessage]>;
  answered.catch(() => {});

  async function* readReceipts() {
    const [response] = await answered;
    let text = "";
    for await (const chunk of response.setEncoding("utf8")) {
      const parts = (text + chunk).split("\r\n");
      text = parts.pop() as string;
      for (const part of parts)
        yield JSON.parse(part) as { error_code: number; partition_id: number; message?: string };
    }
    if (text !== "") throw new Error(`the stream ends in half a receipt: ${text}`);
  }

  return {
    /** Writes one chunk of the body. */
    write: (chunk: string | Uint8Array) => upload.write(chunk),
    end: () => upload.end(),
    abandon: () => upload.destroy(),
    receipts: readReceipts(),
  };
}

/**
 * Writes bytes to the server as they are, closes our side, and reads until the server closes its own.
 * @returns what the server wrote, or what it wrote within the time
 */
export async function sendBytes(url: URL, bytes: Uint8Array, timeoutMs = 2_000): Promise<Buffer> {
  const socket = connect(Number(url.port), url.hostname);
  const chunks: Buffer[] = [];
  const closed = new Promise<void>((resolve) => {
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("close", () => resolve());
    // A reset is one way for a server to refuse.
    socket.on("error", () => {});
    socket.setTimeout(timeoutMs, () => socket.destroy());
  });
  socket.end(bytes);
  await closed;
  return Buffer.concat(chunks);
}
