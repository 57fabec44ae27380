import { LOCAL_PUBLIC_KEY } from "./token-keys.ts";
import { TOKEN_ROLES } from "./token-role.ts";

/** Signs tokens on a developer's machine. In any other environment a Worker with its public half answers 503. */
export const LOCAL_TOKEN_KEY = JSON.stringify({
  kty: "OKP",
  crv: "Ed25519",
  x: LOCAL_PUBLIC_KEY,
  d: "XiRO51dvPWeDoafML4fRjZtWEzLCn_AMC3KusWeSIsU",
  kid: "local",
  may: TOKEN_ROLES,
  maxLife: "366d",
});
