import { listKeys } from "#archive/bucket.ts";
import { FORGOTTEN_PREFIX } from "#archive/names.ts";
import { compareText } from "#domain/version.ts";
import type { Certificate, ForgetRequestJson } from "#ops/archive-forgetting.ts";
import type { Env } from "../env.ts";
import { readCertificate, readRequest } from "../forgetting/notes.ts";

/** Requests that one answer has, and names that are listed for it. Ours. */
const SHOWN = 100;
const LISTED = 20_000;

export async function readForgetRequests({ ARCHIVE }: Env): Promise<readonly ForgetRequestJson[] | null> {
  if (!ARCHIVE) return null;
  const { keys } = await listKeys(ARCHIVE, { prefix: FORGOTTEN_PREFIX, limit: LISTED });
  const ids = new Set(keys.flatMap((key) => /^forgotten\/([^/]+)\//.exec(key)?.[1] ?? []));
  const newest = [...ids].sort().reverse().slice(0, SHOWN);
  const requests = await Promise.all(
    newest.map(async (requestId): Promise<ForgetRequestJson[]> => {
      const [request, certificate] = await Promise.all([
        readRequest(ARCHIVE, requestId),
        readCertificate(ARCHIVE, requestId),
      ]);
      if (!request) return [];
      const { customers, reason, actor, requestedAtMs } = request;
      const requestedAt = new Date(requestedAtMs).toISOString();
      return [
        {
          requestId,
          customers,
          reason,
          requestedBy: actor,
          requestedAt,
          completedAt: certificate?.completedAt ?? null,
        },
      ];
    }),
  );
  // Ids are of a day, and in no order within it.
  return requests.flat().sort((a, b) => compareText(b.requestedAt, a.requestedAt));
}

export async function readForgetCertificate(
  { ARCHIVE }: Env,
  requestId: string,
): Promise<Certificate | undefined | null> {
  return ARCHIVE ? ((await readCertificate(ARCHIVE, requestId)) ?? undefined) : null;
}
