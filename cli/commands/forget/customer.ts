import { SOURCES } from "#domain/sources.ts";
import type { JobStatus } from "#ops/archive-api.ts";
import type { Certificate } from "#ops/archive-forgetting.ts";
import { UsageError } from "../../command/usage-error.ts";
import { followJob, requireDone } from "../../ops/follow-job.ts";
import { opsCommand } from "../../ops/ops-command.ts";
import { confirm, requireAnswer } from "../../terminal/confirm.ts";
import { jobLines } from "../archive/job-lines.ts";
import { certificateLines } from "./certificate.ts";

export const customer = opsCommand({
  details:
    "The customer's name, e-mail and phone are removed from the database, the devices' objects, the dead letters, the\n" +
    "audit log and the archive; and so is what is personal of its devices, up to now. From the first moment on no replay,\n" +
    "backfill or late record brings anything back. It cannot be undone.\n" +
    "It takes 16 minutes at least, until no consumer can be at work that had looked before. Ctrl-C stops watching; the\n" +
    "forgetting continues.",
  arguments: { id: { summary: "The customer's id, as its source has it" } },
  options: {
    source: { value: "source", summary: "Whose customer it is (required)", offer: SOURCES },
    because: { value: "why", summary: "Why, for the audit log and the certificate; without personal data (required)" },
    yes: { summary: "Start without asking" },
    detach: { summary: "Start it and return at once" },
  },
  examples: ['concord forget customer C-1001 --source infinity --because "request 2026-17"'],
  run: async (context, { id, source, because, yes, detach }) => {
    const { client, terminal, print, nowMs } = context;
    if (!source) throw new UsageError(`--source is required: one of ${SOURCES.join(", ")}`);
    if (!because?.trim()) throw new UsageError('--because is required: --because "request 2026-17"');
    requireAnswer(terminal, yes, "`concord forget list`");
    const question = `Forget the customer ${id} of ${source} for ever? This cannot be undone.`;
    if (!yes && !(await confirm(terminal, question))) return terminal.note("nothing was started");
    const started = await client.post<JobStatus>("/archive/forgets", { source, customerId: id, reason: because });
    if (detach) return print(started, () => jobLines(started, nowMs));
    const ended = await followJob(context, started);
    if (!ended) return;
    requireDone(ended);
    const { requestId } = (ended.report?.details ?? {}) as { readonly requestId?: string };
    if (requestId === undefined) return print(ended, () => jobLines(ended, nowMs));
    const certificate = await client.get<Certificate>(`/archive/forgets/${encodeURIComponent(requestId)}`);
    print(certificate, () => certificateLines(certificate));
  },
});
