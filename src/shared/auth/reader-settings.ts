import * as z from "zod";
import { parseRegisters, SEPARATE } from "../domain/party.ts";
import { jsonOf } from "../json/json-of.ts";
import { TokenIssuer } from "./issuer.ts";
import { LOCAL_TOKEN_SECRET } from "./token.ts";

/** The variables of every Worker that answers readers. */
export type ReaderVars = {
  readonly ENVIRONMENT: string;
  readonly TOKEN_SECRET: string;
  readonly TOKEN_ISSUER?: string;
  readonly TRUSTED_DOCUMENTS_ONLY?: string;
  /** Sources that speak of the same dealers and customers: `infinity+elt`. Without it, each for itself. */
  readonly SHARED_REGISTERS?: string;
};

const MIN_SECRET_LENGTH = 32;

const LocalSecret = z.string().min(1);
const DeployedSecret = z
  .string()
  .min(MIN_SECRET_LENGTH, `must have at least ${MIN_SECRET_LENGTH} characters`)
  .refine((secret) => secret !== LOCAL_TOKEN_SECRET, "is the local one, which everybody knows");

const RegistersText = z.string().transform((text, context) => {
  const registers = parseRegisters(text);
  if (!("problem" in registers)) return registers;
  context.addIssue({ code: "custom", message: `${registers.problem}; write it as infinity+elt` });
  return z.NEVER;
});

const varsWith = (secret: z.ZodType<string>, trustedDocumentsOnly: "true" | "false") =>
  z
    .object({
      ENVIRONMENT: z.enum(["local", "staging", "production"]),
      TOKEN_SECRET: secret,
      TOKEN_ISSUER: jsonOf(TokenIssuer).optional(),
      TRUSTED_DOCUMENTS_ONLY: z.enum(["true", "false"]).default(trustedDocumentsOnly),
      SHARED_REGISTERS: RegistersText.default(SEPARATE),
    })
    .transform((vars) => ({
      isLocal: vars.ENVIRONMENT === "local",
      tokenSecret: vars.TOKEN_SECRET,
      tokenIssuer: vars.TOKEN_ISSUER,
      trustedDocumentsOnly: vars.TRUSTED_DOCUMENTS_ONLY === "true",
      registers: vars.SHARED_REGISTERS,
    }));

const LocalVars = varsWith(LocalSecret, "false");
const DeployedVars = varsWith(DeployedSecret, "true");

export type ReaderSettings = z.output<typeof DeployedVars>;

export type SettingsReading =
  | { readonly ok: true; readonly settings: ReaderSettings }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Names every bad variable at once; never their values. */
export function readSettings(vars: ReaderVars): SettingsReading {
  const parsed = (vars.ENVIRONMENT === "local" ? LocalVars : DeployedVars).safeParse(vars);
  if (parsed.success) return { ok: true, settings: parsed.data };
  return { ok: false, problems: parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`) };
}
