/** A secret of a deployed Worker. It is set with `wrangler secret`, and stands in no file of the repository. */
export type Secret = {
  readonly worker: "ingest" | "api" | "devices" | "dlq" | "metrics";
  readonly name: string;
  /** Without a required one its Worker answers every request with 503, and wrangler warns before it deploys. */
  readonly isRequired: boolean;
  /** What it holds, and in which form. */
  readonly about: string;
  /** The command that prints one. Absent where somebody else hands the parts out. */
  readonly generate?: string;
};

const TOKEN_SECRET = {
  name: "TOKEN_SECRET",
  isRequired: false,
  about:
    "A key that signs tokens with HS256, 32 characters or more, the same in api, devices and dlq. Only for a deployment whose tokens were signed with it: otherwise the public keys in TOKEN_KEYS are enough.",
  generate: "openssl rand -base64 48",
} as const;

/** Every secret of every Worker. The other Workers, the front door among them, have none. */
export const SECRETS: readonly Secret[] = [
  {
    worker: "ingest",
    name: "INGEST_CREDENTIALS",
    isRequired: true,
    about: "Who may publish: a JSON list of clients, each with the hash of its secret and its topics.",
    generate: "npx concord credential --id elt-bridge --may 'device.elt.*'",
  },
  {
    worker: "ingest",
    name: "INGEST_TOKENS",
    isRequired: false,
    about: "An OAuth 2 issuer whose tokens may publish, as JSON: docs/oauth.md.",
  },
  { worker: "api", ...TOKEN_SECRET },
  { worker: "devices", ...TOKEN_SECRET },
  { worker: "dlq", ...TOKEN_SECRET },
  {
    worker: "dlq",
    name: "OPS_ACCESS",
    isRequired: false,
    about: "Cloudflare Access in front of /ops, as JSON: its issuer, audience and key set, and who has which role.",
  },
  {
    worker: "dlq",
    name: "OPS_WEBHOOKS",
    isRequired: false,
    about: "Webhooks that get alerts: a JSON list of id, url and the secret that signs them, as whsec_ and base64.",
  },
];
