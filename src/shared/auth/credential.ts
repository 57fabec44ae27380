import * as z from "zod";
import { isTopic } from "#contracts/topic.ts";

/** A topic, a prefix of topics that ends in `.*`, or `*` for all. */
export const Grant = z
  .string()
  .refine((grant) => grant === "*" || isTopic(grant) || /^device(\.[a-z][a-z0-9_-]*){1,2}\.\*$/.test(grant), {
    message: 'must be a topic, a prefix such as "device.elt.*", or "*"',
  });

/** One client that may write, in the secret `INGEST_CREDENTIALS`. */
export const Credential = z.strictObject({
  id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "must be 1 to 64 of A-Z a-z 0-9 _ -"),
  /** SHA-256 of `id:secret`, in hex. Only the client has the secret itself. */
  hash: z.string().regex(/^[0-9a-f]{64}$/, "must be the SHA-256 of id:secret in hex"),
  may: z.array(Grant).min(1),
  /** If set, every request also needs a Standard Webhooks signature with this key. */
  signedWith: z
    .string()
    .regex(/^whsec_[A-Za-z0-9+/]{32,}={0,2}$/, "must be whsec_ and base64 of 24 bytes or more")
    .optional(),
});
export type Credential = z.output<typeof Credential>;

/** All credentials. A client may have several, so that a secret can be rotated without downtime. */
export const Credentials = z.array(Credential).min(1);

/** SHA-256 of `dev:dev`: documented, fixed, and rejected outside the local environment. */
export const LOCAL_CREDENTIAL_HASH = "24a006565f6ae97173ce7f0193e0c379496aec65bc29578814ff01c9e1d74636";
