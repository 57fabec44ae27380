import { SOURCES } from "#domain/sources.ts";
import type { JobStatus } from "#ops/archive-api.ts";
import type { Certificate, ForgetPreview } from "#ops/archive-forgetting.ts";
import { UsageError } from "../../command/usage-error.ts";
import { EXIT, ExitError } from "../../exit-error.ts";
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
    "It takes 16 minutes at least, until no consumer can be at work that had looked before (seconds on a local platform),\n" +
    "and one runs at a time. Ctrl-C stops watching; the forgetting continues, and `concord archive jobs files --wait`\n" +
    "watches it again. A verification that is under way is ended; so is a rebuild, unless it is of the live database, or\n" +
    "follows the archive.",
  arguments: { id: { summary: "The customer's id, as its source has it" } },
  options: {
    source: { value: "source", summary: "Whose customer it is (required)", offer: SOURCES },
    because: { value: "why", summary: "Why, for the audit log and the certificate; without personal data (required)" },
    preview: { summary: "Print what the database knows of the customer, and start nothing" },
    "even-if-unknown": {
      summary: "Start although the database knows no such customer: its records may be in the archive alone",
    },
    yes: { summary: "Start without asking" },
    detach: { summary: "Start it and return at once" },
  },
  exits: {
    1: "the platform cannot be reached, something failed, or there is no archive",
    3: "nothing was started: the database knows no such customer",
    4: "the forgetting failed, is paused or was canceled",
    5: "the token does not permit this",
    6: "a compaction or a forgetting that an operator started is not over",
  },
  examples: [
    "concord forget customer C-1001 --source infinity --preview",
    'concord forget customer C-1001 --source infinity --because "request 2026-17"',
  ],
  run: async (context, { id, source, because, preview, "even-if-unknown": evenIfUnknown, yes, detach }) => {
    const { client, terminal, print, nowMs } = context;
    if (!source) throw new UsageError(`--source is required: one of ${SOURCES.join(", ")}`);
    const known = () => client.get<ForgetPreview>("/archive/forgets/preview", { source, customerId: id });
    if (preview) {
      const found = await known();
      return print(found, () => previewLines(found));
    }
    if (!because?.trim()) throw new UsageError('--because is required: --because "request 2026-17"');
    requireAnswer(terminal, yes, "--preview");
    const found = await known();
    for (const line of previewLines(found)) terminal.note(line);
    if (!found.isKnown && !evenIfUnknown) throw new ExitError(EXIT.nothing, unknownMessage(id, source));
    const question = `Forget the customer ${id} of ${source} for ever? This cannot be undone.`;
    if (!yes && !(await confirm(terminal, question))) return terminal.note("nothing was started");
    const started = await client.post<JobStatus>("/archive/forgets", {
      ...{ source, customerId: id, reason: because },
      ...(evenIfUnknown && { evenIfUnknown: true }),
    });
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

/** A preview in lines for people. */
const previewLines = ({ customers }: ForgetPreview): string[] =>
  customers.map(({ customer: key, hasRecord, isForgotten, devices }) => {
    const record = isForgotten ? "was forgotten before" : hasRecord ? "is known" : "is not known";
    return `${key} ${record}, and has ${devices} ${devices === 1 ? "device" : "devices"} now`;
  });

const unknownMessage = (id: string, source: string): string =>
  `nothing was started: the database knows no customer ${id} of ${source}. Check the id and the source. The archive may still have records of a customer whose devices are gone, or of before the database was lost: --even-if-unknown forgets that one.`;
