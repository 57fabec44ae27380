import * as fc from "fast-check";
import { signOpsToken } from "#auth/ops-user.ts";
import { LOCAL_TOKEN_SECRET, signToken } from "#auth/token.ts";
import type { SampleRecord } from "../../samples/record.ts";
import { type ArchiveRequest, archiveRequest, FUZZED } from "./fuzz-archive-requests.ts";
import { eventText, T } from "./rest-proxy.ts";

/** How often each route answered with each status: `GET /ops/api/archive/jobs 200`. */
export type ArchiveFuzzReport = Readonly<Record<string, number>>;

/** What has to be pushed and applied before, so that there is a device to ask about. */
export const fuzzedRecords = (): SampleRecord[] =>
  [3_600_000, 60_000].map((ms) => {
    const occurredAt = new Date(Date.now() - ms).toISOString();
    return { topic: T, key: FUZZED, value: JSON.stringify({ ...JSON.parse(eventText(T, FUZZED)), occurredAt }) };
  });

/**
 * Asks about earlier times, and every route of the archive, until an answer is not allowed.
 * @throws an error with the seed and the request, shrunk
 */
export async function fuzzArchive(
  url: URL,
  {
    requests,
    seed,
    isOwn,
    onAnswer = () => {},
  }: { requests: number; seed: number; isOwn: boolean; onAnswer?: () => void },
): Promise<ArchiveFuzzReport> {
  const report: Record<string, number> = {};
  const tokens = await tokensOf();
  const property = fc.asyncProperty(archiveRequest(isOwn), async (request) => {
    const answer = await send(url, request, tokens);
    requireProper(request, answer);
    const counted = `${request.method} ${routeOf(request)} ${answer.isRefused ? "refused" : answer.status}`;
    report[counted] = (report[counted] ?? 0) + 1;
    onAnswer();
  });
  await fc.assert(property, { numRuns: requests, seed });
  return report;
}

type Tokens = Readonly<Record<ArchiveRequest["role"] | "graphql", string>>;

async function tokensOf(): Promise<Tokens> {
  const of = (role: ArchiveRequest["role"]) =>
    signOpsToken({ actor: "fuzz@example.com", role }, LOCAL_TOKEN_SECRET, "2h");
  const [viewer, operator, admin, graphql] = await Promise.all([
    of("viewer"),
    of("operator"),
    of("admin"),
    signToken({ role: "ops" }, LOCAL_TOKEN_SECRET, "2h"),
  ]);
  return { viewer, operator, admin, graphql };
}

type Answer = { readonly status: number; readonly text: string; readonly isRefused: boolean };

async function send(url: URL, { method, path, body, role }: ArchiveRequest, tokens: Tokens): Promise<Answer> {
  const response = await fetch(new URL(path, url), {
    method,
    headers: {
      Authorization: `Bearer ${path === "/graphql" ? tokens.graphql : tokens[role]}`,
      "Content-Type": "application/json",
    },
    ...(body !== null && { body }),
    signal: AbortSignal.timeout(ANSWER_MS),
  });
  const text = await response.text();
  const isRefused = response.status >= 400 || (path === "/graphql" && text.includes('"errors":['));
  return { status: response.status, text, isRefused };
}

/** Far longer than any answer takes, even on a busy machine. */
const ANSWER_MS = 30_000;

/** Codes of GraphQL errors that are the client's to correct. */
const CLIENTS_OWN = ["BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED", "COST_LIMIT"];

function requireProper(request: ArchiveRequest, { status, text, isRefused }: Answer): void {
  const complain = (what: string): never => {
    throw new Error(`${what}: ${status} ${text.slice(0, 500)}`);
  };
  if (status >= 500) complain("a failure of the server");
  const answer = JSON.parse(text);
  if (request.refusedFor !== null && !isRefused && !isUnknown(answer))
    complain(`not refused, though ${request.refusedFor}`);
  if (!isRefused) return;
  if (request.path !== "/graphql") {
    const { code, message } = answer.error ?? {};
    if (typeof code !== "string" || typeof message !== "string" || message === "")
      complain("an error without its words");
    return;
  }
  for (const { message, extensions } of answer.errors) {
    if (typeof message !== "string" || message === "") complain("an error without a message");
    if (!CLIENTS_OWN.includes(extensions?.code)) complain("an error that is not the client's");
  }
}

/** Of a device that there is none of, nothing is asked. */
const isUnknown = (answer: { readonly data?: { readonly device?: unknown } }): boolean => answer.data?.device === null;

const routeOf = ({ path, body }: ArchiveRequest): string => {
  if (path === "/graphql") return body?.includes("readings(") ? "readings" : "device";
  const [, , , first, , last] = path.replace(/\?.*/, "").split("/");
  if (first === "devices") return last ? "/devices/:key/readings" : "/devices/:key";
  return path
    .replace(/\?.*/, "")
    .replace("/ops/api", "")
    .replace(/^(\/archive\/(?:jobs|forgets)\/)[^/]*/, "$1:");
};
