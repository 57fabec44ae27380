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

const Vars = z.object({
  DESK_WEBHOOKS: jsonOf(z.array(Webhook)).optional(),
  DESK_WEBHOOK_HOSTS: z.string().default(""),
});

/** The webhooks that may be called, by the secret `DESK_WEBHOOKS` and the variable `DESK_WEBHOOK_HOSTS`. */
export function alertSettingsOf(env: AlertVars): AlertSettings {
  const { data, error } = Vars.safeParse(env);
  if (!data) return { webhooks: [], problems: error.issues.map(({ path, message }) => `${path.join(".")} ${message}`) };
  const hosts = data.DESK_WEBHOOK_HOSTS.split(",")
    .map((host) => host.trim())
    .filter(Boolean);
  const isLocal = env.ENVIRONMENT === "local";
  const checked = (data.DESK_WEBHOOKS ?? []).map((webhook) => ({
    webhook,
    problem: webhookUrlProblem(webhook.url, hosts, isLocal),
  }));
  return {
    webhooks: checked.filter(({ problem }) => problem === undefined).map(({ webhook }) => webhook),
    problems: checked.flatMap(({ webhook, problem }) => (problem ? [`DESK_WEBHOOKS.${webhook.id} ${problem}`] : [])),
  };
}
