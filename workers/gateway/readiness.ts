/** The readiness path of each Worker. */
const READY_PATHS = {
  INGEST: "/ingest/readyz",
  API: "/graphql/readyz",
  LIVE: "/live/readyz",
  DLQ: "/ops/readyz",
  METRICS: "/readyz",
} as const;
type Behind = keyof typeof READY_PATHS;

/** How long a readiness check may take. */
const READY_WITHIN_MS = 5_000;

/** 200 if all Workers are ready, else 503, with the answer of each. */
export async function readiness(workers: Readonly<Record<Behind, Fetcher>>): Promise<Response> {
  const names = Object.keys(READY_PATHS) as Behind[];
  const answers = await Promise.all(names.map((name) => askReady(workers[name], READY_PATHS[name])));
  const isReady = answers.every(({ status }) => status === 200);
  const results = Object.fromEntries(names.map((name, i) => [name.toLowerCase(), answers[i]?.body]));
  return Response.json({ status: isReady ? "ready" : "not ready", workers: results }, { status: isReady ? 200 : 503 });
}

async function askReady(worker: Fetcher, path: string): Promise<{ status: number; body: unknown }> {
  try {
    const response = await worker.fetch(`https://concord.internal${path}`, {
      signal: AbortSignal.timeout(READY_WITHIN_MS),
    });
    return { status: response.status, body: await response.json() };
  } catch {
    return { status: 503, body: { status: "does not answer" } };
  }
}
