import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";

/**
 * A boundary that accepts everything and does nothing with it, in a process of its own: what comes before it sets the
 * pace. It prints its address, and `GET /` tells how many records it has answered for.
 */
const ENTRY = Buffer.from('{"partition":');
const answers = new Map<number, string>();
let records = 0;

const server = createServer((request, response) => {
  if (request.method === "GET") return void response.end(JSON.stringify({ records }));
  const chunks: Buffer[] = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const sent = Buffer.concat(chunks);
    const count = entriesIn(request.headers["content-encoding"] === "gzip" ? gunzipSync(sent) : sent);
    records += count;
    response.writeHead(200, { "Content-Type": "application/vnd.kafka.v2+json" }).end(answerFor(count));
  });
});

/** Nothing of a record looks like the beginning of an entry, since values are base64. */
function entriesIn(body: Buffer): number {
  let count = 0;
  for (let at = body.indexOf(ENTRY); at >= 0; at = body.indexOf(ENTRY, at + ENTRY.length)) count += 1;
  return count;
}

function answerFor(count: number): string {
  const known = answers.get(count);
  if (known) return known;
  const entry = '{"partition":0,"offset":0,"error_code":null,"error":null}';
  const answer = `{"key_schema_id":null,"value_schema_id":null,"offsets":[${Array(count).fill(entry).join()}]}`;
  answers.set(count, answer);
  return answer;
}

server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
