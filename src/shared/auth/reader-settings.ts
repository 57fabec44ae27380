import * as z from "zod";
import { configReader, Environment } from "#base/config.ts";
import { parseRegisters, SEPARATE } from "#domain/party.ts";
import { jsonText } from "#json/json-of.ts";
import { TokenIssuer } from "./issuer.ts";
import { tokenSecretSchema } from "./token-secret.ts";

/** The variables of every Worker that serves reads. */
export type ReaderVars = {
  readonly ENVIRONMENT: string;
  readonly TOKEN_SECRET: string;
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

/** @param environment the Worker's, which decides what is required */
export const readerVarsSchema = (environment: string) =>
  z.object({
    ENVIRONMENT: Environment,
    TOKEN_SECRET: tokenSecretSchema(environment),
    TOKEN_ISSUER: jsonText(TokenIssuer).optional(),
    TRUSTED_DOCUMENTS_ONLY: z.enum(["true", "false"]).default(environment === "local" ? "false" : "true"),
    SHARED_REGISTERS: RegistersText.default(SEPARATE),
  });

export const toReaderSettings = (vars: z.output<ReturnType<typeof readerVarsSchema>>) => ({
  isLocal: vars.ENVIRONMENT === "local",
  tokenSecret: vars.TOKEN_SECRET,
  tokenIssuer: vars.TOKEN_ISSUER,
  trustedDocumentsOnly: vars.TRUSTED_DOCUMENTS_ONLY === "true",
  registers: vars.SHARED_REGISTERS,
});
export type ReaderSettings = ReturnType<typeof toReaderSettings>;

/** The settings of a Worker that has no other variables. */
export const readSettings = configReader((vars: ReaderVars) =>
  readerVarsSchema(vars.ENVIRONMENT).transform(toReaderSettings),
);
