import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Group, Letter, LetterDetail, Plan, Progress, Run } from "#ops/api.ts";

/** A request that a stub received. */
export type StubRequest = {
  /** Method and path: `GET /runs/r-1`. */
  readonly route: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: string;
  readonly authorization: string | undefined;
  /** The client id of a service token of Cloudflare Access. */
  readonly accessClientId?: string | undefined;
};

/** JSON with a status, or a function that writes the response. */
export type Answer = { readonly status?: number; readonly json: unknown } | ((response: ServerResponse) => void);

export type Answers = Readonly<Record<string, (request: StubRequest) => Answer>>;

/** A server in place of the operations API, with an answer for each route: `"GET /runs/r-1"`. */
export async function startOpsStub(answers: Answers) {
  const requests: StubRequest[] = [];
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://stub");
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const received: StubRequest = {
      route: `${request.method} ${pathname.replace("/ops/api", "")}`,
      query: Object.fromEntries(searchParams),
      body: Buffer.concat(chunks).toString(),
      authorization: request.headers.authorization,
      accessClientId: request.headers["cf-access-client-id"]?.toString(),
    };
    requests.push(received);
    const answer = answers[received.route]?.(received) ?? refusal(404, `There is no ${received.route}.`);
    if (typeof answer === "function") return answer(response);
    response.writeHead(answer.status ?? 200, { "Content-Type": "application/json" }).end(JSON.stringify(answer.json));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    routes: () => requests.map(({ route }) => route),
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

export type OpsStub = Awaited<ReturnType<typeof startOpsStub>>;

/** An error as the operations API writes it. */
export const refusal = (status: number, message: string, more: object = {}): Answer => ({
  status,
  json: { error: { code: "code", message, ...more } },
});

/** An export of these lines, in chunks that split lines and characters. @param isComplete whether it has its last line */
export const ndjson =
  (lines: readonly string[], isComplete = true): Answer =>
  (response) => {
    const end = isComplete ? [`{"concord":"end/1","letters":${lines.length}}`] : [];
    const bytes = Buffer.from([...lines, ...end].map((line) => `${line}\n`).join(""));
    response.writeHead(200, { "Content-Type": "application/x-ndjson; charset=utf-8" });
    for (let at = 0; at < bytes.length; at += 1_021) response.write(bytes.subarray(at, at + 1_021));
    response.end();
  };

const AT = "2026-11-23T11:57:00.000Z";

export const letter = (given: Partial<LetterDetail> = {}): LetterDetail => ({
  ...({
    id: "l-1",
    state: "open",
    group: "g-1",
    topic: "device.elt.profile.updated",
    source: "elt",
    eventId: "e-1",
    deviceKey: "elt:T-1",
    stage: "ingest",
    reason: "schema_mismatch",
    message: "data.name must be text",
    issues: [{ path: "data.name", code: "invalid_type", message: "must be text" }],
    failure: { reason: "schema_mismatch", issues: [] },
    payload: '{"a":1}',
    payloadEncoding: "text",
    keyEncoding: "text",
    masked: true,
    edited: null,
    revision: 0,
    key: "T-1",
    headers: [],
    partition: null,
    offset: null,
    timestampMs: null,
    receivedAt: AT,
    failures: 1,
    replays: 0,
    outcome: null,
    firstFailedAt: AT,
    lastFailedAt: AT,
    replayedAt: null,
    settledAt: null,
    discardReason: null,
    discardedAt: null,
    emptiedAt: null,
    contractVersion: 1,
    recordVersion: 1,
    workerVersion: "w-1",
    traceparent: null,
    runId: null,
  } satisfies Letter),
  revisions: [],
  audit: [],
  failsAgain: false,
  next: "replay",
  upcast: null,
  ...given,
});

export const group = (given: Partial<Group> = {}): Group => ({
  id: "g-1",
  state: "open",
  topic: "device.elt.profile.updated",
  reason: "schema_mismatch",
  signature: "device.elt.profile.updated · schema_mismatch · invalid_type at data.name",
  letters: 3,
  failures: 3,
  counts: { open: 3, replaying: 0, resolved: 0, discarded: 0, quarantined: 0 },
  firstFailedAt: AT,
  lastFailedAt: AT,
  note: null,
  changedBy: null,
  changedAt: null,
  ...given,
});

const NO_PROGRESS: Progress = {
  total: 0,
  waiting: 0,
  inFlight: 0,
  applied: 0,
  unchanged: 0,
  duplicate: 0,
  superseded: 0,
  failed: 0,
  skipped: 0,
};

const NO_PLAN: Plan = {
  selected: 0,
  passes: 0,
  stillFailing: [],
  superseded: 0,
  duplicate: 0,
  refused: [],
  tooLarge: 0,
};

export const run = ({
  progress = {},
  plan = {},
  ...given
}: Partial<Omit<Run, "progress" | "plan">> & { progress?: Partial<Progress>; plan?: Partial<Plan> } = {}): Run => ({
  id: "r-1",
  name: null,
  state: "planned",
  why: null,
  hash: "h-1",
  actor: "ann@example.com",
  createdAt: AT,
  startedAt: null,
  endedAt: null,
  rate: 50,
  canary: 10,
  maxFailurePercent: 20,
  ...given,
  plan: { ...NO_PLAN, ...plan },
  progress: { ...NO_PROGRESS, ...progress },
});
