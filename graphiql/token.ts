/**
 * The token, for as long as this tab is open: the browser drops a tab's session storage with the tab, and no other tab
 * sees it. It travels in a header only.
 */
const KEY = "concord.graphql-token";

export const readToken = (): string | null => sessionStorage.getItem(KEY);

export function keepToken(token: string): void {
  sessionStorage.setItem(KEY, token);
}

export function dropToken(): void {
  sessionStorage.removeItem(KEY);
}
