/** The readiness path of each Worker. */
const READY_PATHS = {
  INGEST: "/ingest/readyz",
  API: "/graphql/readyz",
  LIVE: "/live/readyz",
  DLQ: "/ops/readyz",
  METRICS: "/readyz",
  ARCHIVE: "/readyz",
} as const;
type Behind = keyof typeof READY_PATHS;

/** How long a readiness check may take. */
const READY_WITHIN_MS = 5_000;

/**
 * Says which version of each Worker answers while several are deployed. A request to another Worker has it only if its
 * caller sets it: developers.cloudflare.com/workers/versions-and-deployments/version-overrides
 */
const VERSION_OVERRIDES = "Cloudflare-Workers-Version-Overrides";

/** 200 if all Workers are ready, else 503, with the answer of each. */
export async function readiness(
  { headers }: Request,
  { VERSION, ...workers }: Readonly<Record<Behind, Fetcher>> & { readonly VERSION?: WorkerVersionMetadata },
): Promise<Response> {
  const names = Object.keys(READY_PATHS) as Behind[];
  const overrides = headers.get(VERSION_OVERRIDES);
  const passedOn: Record<string, string> = overrides === null ? {} : { [VERSION_OVERRIDES]: overrides };
  const answers = await Promise.all(names.map((name) => askReady(workers[name], READY_PATHS[name], passedOn)));
  const isReady = answers.every(({ status }) => status === 200);
  const results = Object.fromEntries(names.map((name, i) => [name.toLowerCase(), answers[i]?.body]));
  return Response.json(
    { status: isReady ? "ready" : "not ready", version: VERSION?.id, workers: results },
    { status: isReady ? 200 : 503 },
  );
}

async function askReady(
  worker: Fetcher,
  path: string,
  headers: Record<string, string>,
): Promise<{ status: number; body: unknown }> {
  try {
    const response = await worker.fetch(`https://concord.internal${path}`, {
      headers,
      signal: AbortSignal.timeout(READY_WITHIN_MS),
    });
    return { status: response.status, body: await response.json() };
  } catch {
    return { status: 503, body: { status: "does not answer" } };
  }
}
