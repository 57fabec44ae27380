import type { Deployment, Version } from "../account/account.ts";

/**
 * What we note with a version and with a deployment. The account keeps it, so that a run needs no file of its own: a
 * version says what it was built from and which version served before it, a deployment whether the Worker's rollout ended.
 */
export type Note = {
  /** Of the bundle, the files that it serves, and the settings. */
  readonly content: string;
  /** The version that served all requests before this one, and the one of which a new secret made it: mostly the same. */
  readonly after: { readonly id: string; readonly origin: string } | undefined;
};

/** Short: of a rollback's message wrangler wants at most 120 characters. */
export function noteText({ content, after }: Note): string {
  if (!after) return `content ${content}`;
  const made = after.origin === after.id ? "" : ` made of ${after.origin}`;
  return `content ${content}, after ${after.id}${made}`;
}

const MESSAGE = "workers/message";
const TAG = "workers/tag";
const TRIGGER = "workers/triggered_by";

/** @returns undefined for a version that `npm run deploy` did not make */
export function noteOf({ annotations }: Pick<Version, "annotations">): Note | undefined {
  const [, content, id, origin = id] =
    /^content ([0-9a-f]+)(?:, after ([0-9a-f-]+)(?: made of ([0-9a-f-]+))?)?$/.exec(annotations?.[MESSAGE] ?? "") ?? [];
  if (content === undefined) return undefined;
  return { content, after: id !== undefined && origin !== undefined ? { id, origin } : undefined };
}

export const releaseOf = ({ annotations }: Pick<Version, "annotations">): string | undefined => annotations?.[TAG];

/** The platform made it of the version before it, when a secret was set. */
export const isOfSecret = ({ annotations }: Pick<Version, "annotations">): boolean =>
  annotations?.[TRIGGER] === "secret";

/** All of a Worker's rollout is done, its triggers with it. */
export const completed = (release: string): string => `complete: ${release}`;
export const isComplete = ({ annotations }: Pick<Deployment, "annotations">): boolean =>
  annotations?.[MESSAGE]?.startsWith("complete: ") === true;
