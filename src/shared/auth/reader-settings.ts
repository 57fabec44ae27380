import * as z from "zod";
import { configReader, Environment } from "#base/config.ts";
import { parseRegisters, SEPARATE } from "#domain/party.ts";
import { jsonText } from "#json/json-of.ts";
import { OtherIssuer, tokenVarsSchema, toTokenTrust } from "./token-settings.ts";

/** The variables of every Worker that serves reads. */
export type ReaderVars = {
  readonly ENVIRONMENT: string;
  /** The public keys whose tokens are accepted, as JSON; see `TokenKeys`. */
  readonly TOKEN_KEYS?: string;
  /** The former way: a secret that signs and verifies. */
  readonly TOKEN_SECRET?: string;
  /** An OAuth 2 issuer, as JSON; see `TokenIssuer`. */
  readonly TOKEN_ISSUER?: string;
  readonly TRUSTED_DOCUMENTS_ONLY?: string;
  /** Sources whose ids mean the same dealers and customers: `infinity+elt`. If absent, each source has its own. */
  readonly SHARED_REGISTERS?: string;
};

/** Which sources speak of the same dealers and customers: `infinity+elt`. */
export const RegistersText = z.string().transform((text, context) => {
  const registers = parseRegisters(text);
  if (!("problem" in registers)) return registers;
  context.addIssue({ code: "custom", message: `${registers.problem}; write it as infinity+elt` });
  return z.NEVER;
});

/** @param vars the Worker's, whose environment decides what is required */
export const readerVarsSchema = (vars: ReaderVars) =>
  z.object({
    ENVIRONMENT: Environment,
    ...tokenVarsSchema(vars, ["TOKEN_KEYS", "TOKEN_SECRET", "TOKEN_ISSUER"]),
    TOKEN_ISSUER: jsonText(OtherIssuer).optional(),
    TRUSTED_DOCUMENTS_ONLY: z.enum(["true", "false"]).default(vars.ENVIRONMENT === "local" ? "false" : "true"),
    SHARED_REGISTERS: RegistersText.default(SEPARATE),
  });

export const toReaderSettings = (vars: z.output<ReturnType<typeof readerVarsSchema>>) => ({
  isLocal: vars.ENVIRONMENT === "local",
  trust: toTokenTrust(vars),
  trustedDocumentsOnly: vars.TRUSTED_DOCUMENTS_ONLY === "true",
  registers: vars.SHARED_REGISTERS,
});
export type ReaderSettings = ReturnType<typeof toReaderSettings>;

/** The settings of a Worker that has no other variables. */
export const readSettings = configReader((vars: ReaderVars) => readerVarsSchema(vars).transform(toReaderSettings));
