import { request as httpRequest } from "node:http";
import * as fc from "fast-check";
import { type FuzzRequest, fuzzRequest } from "./fuzz-requests.ts";
import { sendBytes } from "./raw-http.ts";
import { type Answer, receiptsOf, recordsKept } from "./rest-proxy.ts";

export type FuzzReport = { readonly statuses: Record<string, number>; kept: number };

/**
 * Sends requests until one gets an answer that is not allowed.
 * @throws an error with the seed, the path to the request and the request itself, shrunk
 */
export async function fuzz(
  url: URL,
  { requests, seed, onAnswer = () => {} }: { requests: number; seed: number; onAnswer?: () => void },
): Promise<FuzzReport> {
  const report: FuzzReport = { statuses: {}, kept: 0 };
  const property = fc.asyncProperty(fuzzRequest, async (request) => {
    const statuses =
      request.kind === "http" ? await answerHttp(url, request, report) : await answerBytes(url, request.bytes, report);
    for (const status of statuses) report.statuses[status] = (report.statuses[status] ?? 0) + 1;
    onAnswer();
  });
  await fc.assert(property, { numRuns: requests, seed });
  return report;
}

async function answerHttp(url: URL, request: FuzzRequest & { kind: "http" }, report: FuzzReport) {
  let answer = await deliver(url, request);
  // The local runtime reuses connections between its Workers. A broken request closes one, and the next request on it
  // then fails too. If that next request had been read, the count of kept records would tell.
  for (let tries = 1; tries < 3 && LOST.test(answer.text); tries++) answer = await deliver(url, request);
  report.kept += recordsKept(answer);
  requireProperAnswer(request, answer);
  return [answer.status];
}

/** Far longer than any answer takes, even with eight fuzzers on two cores. */
const ANSWER_MS = 20_000;

/** Sends the request as it is: no header or path is refused or corrected on our side. */
function deliver(url: URL, request: FuzzRequest & { kind: "http" }): Promise<Answer> {
  const { method, path, headers, chunked } = request;
  const body = Buffer.from(request.body, "latin1");
  const length = chunked ? { "Transfer-Encoding": "chunked" } : { "Content-Length": body.length };
  return new Promise((resolve, reject) => {
    const sent = httpRequest({
      host: url.hostname,
      port: url.port,
      method,
      path,
      headers: { ...headers, ...length },
      agent: false,
    });
    sent.setTimeout(ANSWER_MS, () => sent.destroy(new Error(`no answer in ${ANSWER_MS} ms`)));
    sent.on("error", reject);
    sent.on("response", async (response) => {
      try {
        let text = "";
        for await (const chunk of response.setEncoding("utf8")) text += chunk;
        const answered = new Headers(
          Object.entries(response.headersDistinct).map(([name, [first = ""] = []]) => [name, first]),
        );
        const type = (answered.get("Content-Type") ?? "").split(";")[0] as string;
        resolve({ status: response.statusCode ?? 0, type, headers: answered, text });
      } catch (thrown) {
        reject(thrown);
      }
    });
    sent.end(body);
  });
}

function requireProperAnswer(request: FuzzRequest & { kind: "http" }, { status, text, headers }: Answer) {
  const { method, path } = request;
  const complain = (what: string): never => {
    throw new Error(`${what}: ${status} ${text.slice(0, 300)}`);
  };
  if (status >= 500 && !(status === 503 && headers.has("Retry-After"))) complain("a failure of the server");
  if (method === "HEAD" || status === 204) return;
  const receipts = text.endsWith("\r\n") ? receiptsOf(text) : [];
  const isStream = status === 200 && method === "POST" && /\/records(\?|$)/.test(path);
  if (isStream && receipts.length === 0) {
    // White space, compressed or not, contains no record that needs a receipt.
    if (
      request.headers["Content-Encoding"] === undefined &&
      Buffer.from(request.body, "latin1").toString().trim() !== ""
    )
      complain("no receipt");
    return;
  }

  const entries = receipts.length > 0 ? receipts : [JSON.parse(text) as { offsets?: unknown[]; failures?: unknown[] }];
  const failed = entries.filter(
    (entry) => status >= 400 || (receipts.length > 0 && (entry as { error_code: number }).error_code !== 200),
  );
  for (const { error_code, message } of failed as { error_code?: unknown; message?: unknown }[]) {
    const isError = typeof error_code === "number" && typeof message === "string" && message !== "";
    if (!isError) complain("an error without code or message");
  }
}

const LOST = /^Error: Network connection lost\./;

/** Answers of the runtime itself, before a Worker gets the request or after its client is gone. */
const NOT_OURS = /Unrecognized request method|Network connection lost/;

async function answerBytes(url: URL, bytes: string, report: FuzzReport): Promise<string[]> {
  const text = (await sendBytes(url, Buffer.from(bytes, "latin1"))).toString();
  for (const [, count] of text.matchAll(/^X-Concord-(?:Accepted|Dead-Lettered): (\d+)/gim))
    report.kept += Number(count);
  const statuses = [...text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => status as string);
  if (statuses.some((status) => status >= "500") && !NOT_OURS.test(text))
    throw new Error(`a failure of the server: ${text.slice(0, 500)}`);
  return statuses.map((status) => `${status} to bytes`);
}
