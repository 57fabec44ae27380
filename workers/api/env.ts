import * as z from "zod";
import { TokenIssuer } from "../../src/shared/auth/issuer.ts";
import { LOCAL_TOKEN_SECRET } from "../../src/shared/auth/token.ts";
import type { Commands } from "../../src/shared/domain/command.ts";
import type { DeviceKey } from "../../src/shared/domain/event.ts";
import type { DeviceSnapshotSource } from "../../src/shared/domain/snapshot.ts";
import { jsonOf } from "../../src/shared/json/json-of.ts";
import { METRICS_OBJECT_NAME, type MetricsSource } from "../../src/shared/telemetry/metrics.ts";

export interface Env {
  readonly DB: D1Database;
  /** `DeviceObject` of the ingest Worker. */
  readonly DEVICES: DurableObjectNamespace;
  /** `CommandsService` of the ingest Worker. */
  readonly INGEST_COMMANDS: Commands;
  /** `MetricsObject` of the dlq Worker. */
  readonly METRICS: DurableObjectNamespace;
  readonly ENVIRONMENT: string;
  readonly TOKEN_SECRET: string;
  readonly TOKEN_ISSUER?: string;
  readonly TRUSTED_DOCUMENTS_ONLY?: string;
}

const MIN_SECRET_LENGTH = 32;

const LocalSecret = z.string().min(1);
const DeployedSecret = z
  .string()
  .min(MIN_SECRET_LENGTH, `must have at least ${MIN_SECRET_LENGTH} characters`)
  .refine((secret) => secret !== LOCAL_TOKEN_SECRET, "is the local one, which everybody knows");

const varsWith = (secret: z.ZodType<string>, trustedDocumentsOnly: "true" | "false") =>
  z
    .object({
      ENVIRONMENT: z.enum(["local", "staging", "production"]),
      TOKEN_SECRET: secret,
      TOKEN_ISSUER: jsonOf(TokenIssuer).optional(),
      TRUSTED_DOCUMENTS_ONLY: z.enum(["true", "false"]).default(trustedDocumentsOnly),
    })
    .transform((vars) => ({
      isLocal: vars.ENVIRONMENT === "local",
      tokenSecret: vars.TOKEN_SECRET,
      tokenIssuer: vars.TOKEN_ISSUER,
      trustedDocumentsOnly: vars.TRUSTED_DOCUMENTS_ONLY === "true",
    }));

const LocalVars = varsWith(LocalSecret, "false");
const DeployedVars = varsWith(DeployedSecret, "true");

export type Config = z.output<typeof DeployedVars>;

/** Names every bad variable at once; never their values. */
export function readConfig(env: Env): { ok: true; config: Config } | { ok: false; problems: string[] } {
  const parsed = (env.ENVIRONMENT === "local" ? LocalVars : DeployedVars).safeParse(env);
  if (parsed.success) return { ok: true, config: parsed.data };
  return { ok: false, problems: parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`) };
}

/** The class lives in another Worker, so nothing but the name binds us to it, and the type is the contract. */
export const deviceObjects =
  ({ DEVICES }: Env) =>
  (key: DeviceKey): DeviceSnapshotSource =>
    DEVICES.getByName(key) as unknown as DeviceSnapshotSource;

export const metricsObject =
  ({ METRICS }: Env) =>
  (): MetricsSource =>
    METRICS.getByName(METRICS_OBJECT_NAME) as unknown as MetricsSource;
