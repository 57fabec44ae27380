/**
 * The token, for as long as this tab is open: the browser drops a tab's session storage with the tab, and no other tab
 * sees it. It travels in a header only. Under Cloudflare Access there is none: the browser has Access's cookie.
 */
const KEY = "concord.token";

export const readToken = (): string | null => sessionStorage.getItem(KEY);

export function keepToken(token: string): void {
  sessionStorage.setItem(KEY, token);
}

export function dropToken(): void {
  sessionStorage.removeItem(KEY);
}

/** That the operations API no longer knows who this is, and in which words it said so. */
export type SessionEnd = { readonly message: string };

let end: SessionEnd | undefined;
const listeners = new Set<() => void>();

export const sessionEnd = (): SessionEnd | undefined => end;

/** Also while it has ended: then another attempt to sign in has failed. */
export const endSession = (message: string): void => change({ message });
export const resumeSession = (): void => change(undefined);

function change(to: SessionEnd | undefined): void {
  if (end === to) return;
  end = to;
  for (const listener of [...listeners]) listener();
}

/** @returns what ends the listening */
export function onSessionChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Where a tab that has signed in says so, and those whose session had ended hear of it. */
const CHANNEL = "concord.sign-in";

export function announceSignIn(): void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage("signed in");
  channel.close();
}

/** @returns what ends the listening */
export function onSignInElsewhere(listener: () => void): () => void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = listener;
  return () => channel.close();
}
