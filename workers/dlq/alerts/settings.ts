import * as z from "zod";
import { jsonText } from "#json/json-of.ts";
import { ALERT_KINDS } from "#ops/alert-rules.ts";
import { webhookUrlProblem } from "./webhook-url.ts";

const Webhook = z.strictObject({
  id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "must be 1 to 64 of A-Z a-z 0-9 _ -"),
  url: z.string(),
  /** As Standard Webhooks has it: `whsec_` and base64 of 24 bytes or more. */
  secret: z.string().regex(/^whsec_[A-Za-z0-9+/]{32,}={0,2}$/, "must be whsec_ and base64 of 24 bytes or more"),
  /** The kinds of alerts that it gets; all if absent. */
  kinds: z.array(z.enum(ALERT_KINDS)).min(1).optional(),
});
export type Webhook = z.output<typeof Webhook>;

export type AlertVars = {
  readonly ENVIRONMENT: string;
  readonly OPS_WEBHOOKS?: string;
  readonly OPS_WEBHOOK_HOSTS?: string;
};

export type AlertSettings = {
  readonly webhooks: readonly Webhook[];
  /** Why some webhooks are not called. The rest of the Worker runs all the same. */
  readonly problems: readonly string[];
};

/** Reads the webhooks from the secret `OPS_WEBHOOKS`; only those on a host of `OPS_WEBHOOK_HOSTS` are called. */
export function readAlertSettings({ ENVIRONMENT, OPS_WEBHOOKS, OPS_WEBHOOK_HOSTS = "" }: AlertVars): AlertSettings {
  if (OPS_WEBHOOKS === undefined) return { webhooks: [], problems: [] };
  const list = jsonText(z.array(z.unknown())).safeParse(OPS_WEBHOOKS);
  if (!list.success) return { webhooks: [], problems: ["OPS_WEBHOOKS is not a JSON list"] };
  const hosts = OPS_WEBHOOK_HOSTS.split(",")
    .map((host) => host.trim())
    .filter(Boolean);
  const read = list.data.map((entry, i) => readWebhook(entry, i, { hosts, isLocal: ENVIRONMENT === "local" }));
  return {
    webhooks: read.flatMap((each) => (typeof each === "string" ? [] : [each])),
    problems: read.filter((each) => typeof each === "string"),
  };
}

/** Reads one webhook, or describes its problem. The others are read all the same. */
function readWebhook(
  entry: unknown,
  index: number,
  { hosts, isLocal }: { readonly hosts: readonly string[]; readonly isLocal: boolean },
): Webhook | string {
  const { data, error } = Webhook.safeParse(entry);
  if (!data) {
    const problems = error.issues.map(({ path, message }) => `${path.join(".")} ${message}`.trim());
    return `OPS_WEBHOOKS[${index}] ${problems.join(", ")}`;
  }
  const problem = webhookUrlProblem(data.url, hosts, isLocal);
  return problem ? `OPS_WEBHOOKS.${data.id} ${problem}` : data;
}
