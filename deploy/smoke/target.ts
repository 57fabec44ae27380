/** The deployment that a smoke test goes through. Its reports hold neither the credential nor the key. */
export type SmokeTarget = {
  /** The front door. */
  readonly url: URL;
  /** `id:secret` of a producer that may write the topics of the smoke test's device. */
  readonly credential: string;
  /** A private JWK as JSON that may sign the roles service and admin; absent: local development's. */
  readonly signingKey: string | undefined;
  /** Sent with every request: `Cloudflare-Workers-Version-Overrides`, `CF-Access-Client-Id`, `CF-Access-Client-Secret`. */
  readonly headers?: Readonly<Record<string, string>>;
};

/** One step as it ended. `problem` is there if it failed: what was sent, what came back, and where to look. */
export type SmokeStep = {
  readonly name: string;
  readonly ok: boolean;
  readonly ms: number;
  readonly problem?: string;
};

/** All steps that ran, in their order. */
export type SmokeReport = { readonly ok: boolean; readonly steps: readonly SmokeStep[] };

/** Never rejects: a platform that cannot be reached is a step that failed. `onStep` gets each step as it ends. */
export type SmokeTest = (target: SmokeTarget, onStep?: (step: SmokeStep) => void) => Promise<SmokeReport>;
