/** How a command of the stand-in ends. */
export type Answer = {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly entries?: readonly object[];
};

export const said = (stdout: string, entries: readonly object[] = []): Answer => ({
  status: 0,
  stdout: `${stdout}\n`,
  stderr: "",
  entries,
});
export const json = (value: unknown): Answer => said(JSON.stringify(value, null, 2));

/** wrangler, or the platform through it, refuses. */
export class Refused extends Error {}

export function refused(message: string): never {
  throw new Refused(message);
}

/** As wrangler prints an error of the API. */
export const apiError = (path: string, message: string, code: number): never =>
  refused(`A request to the Cloudflare API (${path}) failed.\n\n  ${message} [code: ${code}]`);

export const noSuchWorker = (name: string): never =>
  apiError(`/accounts/x/workers/scripts/${name}`, "This Worker does not exist on your account.", 10007);
