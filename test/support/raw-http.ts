import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { basic, type KafkaRequest } from "./rest-proxy.ts";

/** A request to a v3 stream that is still being written while its receipts arrive. */
export function openStream(url: URL, path: string) {
  const upload = request(new URL(path, url), {
    method: "POST",
    headers: { Authorization: basic("dev:dev"), "Content-Type": "application/json" },
    agent: false,
  });
  upload.setNoDelay(true);
  upload.setTimeout(10_000, () => upload.destroy(new Error("the stream stands still")));
  upload.flushHeaders();
  // A test that abandons the stream closes it, which is no error of the test.
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
 * @returns what the server wrote, up to a time limit
 */
export async function sendBytes(url: URL, bytes: Uint8Array, timeoutMs = 2_000): Promise<Buffer> {
  const socket = connect(Number(url.port), url.hostname);
  const chunks: Buffer[] = [];
  const closed = new Promise<void>((resolve) => {
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("close", () => resolve());
    // A server may also refuse by a reset.
    socket.on("error", () => {});
    socket.setTimeout(timeoutMs, () => socket.destroy());
  });
  socket.end(bytes);
  await closed;
  return Buffer.concat(chunks);
}

/** How many bytes are written to the socket at a time; each is a chunk if the body is chunked. */
const PIECE_BYTES = 256 * 1024;

/**
 * Writes a request with a large body to the end, whatever is answered meanwhile, as clients do that read the answer
 * only then.
 * @returns the answer's text
 * @throws if the connection is reset before everything is written and answered
 */
export async function uploadBytes(url: URL, request: KafkaRequest & { readonly body: Uint8Array }): Promise<string> {
  const { path, type = "", body } = request;
  const fields = { Host: url.host, Authorization: basic("dev:dev"), "Content-Type": type, ...request.headers };
  const isChunked = request.headers?.["Transfer-Encoding"] === "chunked";
  const head = Object.entries({ ...fields, Connection: "close", ...(!isChunked && { "Content-Length": body.length }) });
  const socket = connect(Number(url.port), url.hostname);
  const answered = once(socket, "end");
  socket.setTimeout(20_000, () => socket.destroy(new Error("no answer in 20 s")));
  const chunks: Buffer[] = [];
  const write = async (bytes: string | Uint8Array) => {
    if (!socket.write(bytes)) await Promise.race([once(socket, "drain"), answered]);
  };
  await write(`POST ${path} HTTP/1.1\r\n${head.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`);
  for (let at = 0; at < body.length; at += PIECE_BYTES) {
    const piece = body.subarray(at, at + PIECE_BYTES);
    if (isChunked) await write(`${piece.length.toString(16)}\r\n`);
    await write(piece);
    if (isChunked) await write("\r\n");
  }
  if (isChunked) await write("0\r\n\r\n");
  socket.on("data", (chunk) => chunks.push(chunk));
  await answered;
  socket.destroy();
  return Buffer.concat(chunks).toString();
}
