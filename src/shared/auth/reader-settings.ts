import * as z from "zod";
import { configReader, Environment } from "../config.ts";
import { parseRegisters, SEPARATE } from "../domain/party.ts";
import { jsonOf } from "../json/json-of.ts";
import { TokenIssuer } from "./issuer.ts";
import { tokenSecretIn } from "./token-secret.ts";

/** The variables of every Worker that answers readers. */
export type ReaderVars = {
  readonly ENVIRONMENT: string;
  readonly TOKEN_SECRET: string;
  readonly TOKEN_ISSUER?: string;
  readonly TRUSTED_DOCUMENTS_ONLY?: string;
  /** Sources that speak of the same dealers and customers: `infinity+elt`. Without it, each for itself. */
  readonly SHARED_REGISTERS?: string;
};

const RegistersText = z.string().transform((text, context) => {
  const registers = parseRegisters(text);
  if (!("problem" in registers)) return registers;
  context.addIssue({ code: "custom", message: `${registers.problem}; write it as infinity+elt` });
  return z.NEVER;
});

/** @param environment where the Worker runs */
export const readerVarsIn = (environment: string) =>
  z.object({
    ENVIRONMENT: Environment,
    TOKEN_SECRET: tokenSecretIn(environment),
    TOKEN_ISSUER: jsonOf(TokenIssuer).optional(),
    TRUSTED_DOCUMENTS_ONLY: z.enum(["true", "false"]).default(environment === "local" ? "false" : "true"),
    SHARED_REGISTERS: RegistersText.default(SEPARATE),
  });

export const readerSettingsOf = (vars: z.output<ReturnType<typeof readerVarsIn>>) => ({
  isLocal: vars.ENVIRONMENT === "local",
  tokenSecret: vars.TOKEN_SECRET,
  tokenIssuer: vars.TOKEN_ISSUER,
  trustedDocumentsOnly: vars.TRUSTED_DOCUMENTS_ONLY === "true",
  registers: vars.SHARED_REGISTERS,
});
export type ReaderSettings = ReturnType<typeof readerSettingsOf>;

/** The settings of a Worker that has no other variables. */
export const readSettings = configReader((vars: ReaderVars) =>
  readerVarsIn(vars.ENVIRONMENT).transform(readerSettingsOf),
);
