import * as z from "zod";
import { ALERT_KINDS } from "../../../src/shared/desk/alert-rules.ts";
import { jsonOf } from "../../../src/shared/json/json-of.ts";
import { webhookUrlProblem } from "./webhook-url.ts";

const Webhook = z.strictObject({
  id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "must be 1 to 64 of A-Z a-z 0-9 _ -"),
  url: z.string(),
  /** Of Standard Webhooks: `whsec_` and base64 of 24 bytes or more. */
  secret: z.string().regex(/^whsec_[A-Za-z0-9+/]{32,}={0,2}$/, "must be whsec_ and base64 of 24 bytes or more"),
  /** What it is told of; everything unless this is there. */
  kinds: z.array(z.enum(ALERT_KINDS)).min(1).optional(),
});
export type Webhook = z.output<typeof Webhook>;

export type AlertVars = {
  readonly ENVIRONMENT: string;
  readonly DESK_WEBHOOKS?: string;
  readonly DESK_WEBHOOK_HOSTS?: string;
};

export type AlertSettings = {
  readonly webhooks: readonly Webhook[];
  /** Why webhooks that are set are not called. Whatever it is, the rest of the Worker goes on. */
  readonly problems: readonly string[];
};

/** The webhooks that may be called, by the secret `DESK_WEBHOOKS` and the variable `DESK_WEBHOOK_HOSTS`. */
export function alertSettingsOf({ ENVIRONMENT, DESK_WEBHOOKS, DESK_WEBHOOK_HOSTS = "" }: AlertVars): AlertSettings {
  if (DESK_WEBHOOKS === undefined) return { webhooks: [], problems: [] };
  const list = jsonOf(z.array(z.unknown())).safeParse(DESK_WEBHOOKS);
  if (!list.success) return { webhooks: [], problems: ["DESK_WEBHOOKS is no JSON list"] };
  const hosts = DESK_WEBHOOK_HOSTS.split(",")
    .map((host) => host.trim())
    .filter(Boolean);
  const read = list.data.map((entry, i) => readWebhook(entry, i, { hosts, isLocal: ENVIRONMENT === "local" }));
  return {
    webhooks: read.flatMap((each) => (typeof each === "string" ? [] : [each])),
    problems: read.filter((each) => typeof each === "string"),
  };
}

/** One of the list, or what is wrong with it: a bad one stops no other. */
function readWebhook(
  entry: unknown,
  index: number,
  { hosts, isLocal }: { readonly hosts: readonly string[]; readonly isLocal: boolean },
): Webhook | string {
  const { data, error } = Webhook.safeParse(entry);
  if (!data) {
    const problems = error.issues.map(({ path, message }) => `${path.join(".")} ${message}`.trim());
    return `DESK_WEBHOOKS[${index}] ${problems.join(", ")}`;
  }
  const problem = webhookUrlProblem(data.url, hosts, isLocal);
  return problem ? `DESK_WEBHOOKS.${data.id} ${problem}` : data;
}
