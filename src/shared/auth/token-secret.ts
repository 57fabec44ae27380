import * as z from "zod";
import { LOCAL_TOKEN_SECRET } from "./token.ts";

const MIN_SECRET_LENGTH = 32;

const SET_ANOTHER = "set another with `wrangler secret put TOKEN_SECRET`";

const Secret = z.string("is missing; set it with `wrangler secret put TOKEN_SECRET`").min(1, "is empty");
const DeployedSecret = Secret.min(
  MIN_SECRET_LENGTH,
  `must have at least ${MIN_SECRET_LENGTH} characters; ${SET_ANOTHER}`,
).refine((secret) => secret !== LOCAL_TOKEN_SECRET, `is the local one, which is public; ${SET_ANOTHER}`);

/** `TOKEN_SECRET`: outside the local environment it must be long enough and not the local one. */
export const tokenSecretSchema = (environment: string): z.ZodType<string> =>
  environment === "local" ? Secret : DeployedSecret;
