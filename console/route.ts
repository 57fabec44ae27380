import { useEffect, useState } from "preact/hooks";

/**
 * The place in the console that is shown. It is behind the `#` of the address, so a link can be shared, reloaded and gone
 * back from, and what is looked for never reaches a server's log.
 */
export type Route = { readonly path: readonly string[]; readonly query: URLSearchParams };

/** "#/groups/g-1?state=open" → its parts. */
export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#?\/?/, "").split("?", 2);
  return { path: path.split("/").filter(Boolean).map(unescaped), query: new URLSearchParams(query) };
}

/** A typed link may contain a lone percent sign. */
function unescaped(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** @param query what is undefined or empty is left out */
export function hrefOf(path: readonly string[], query: Readonly<Record<string, string | undefined>> = {}): string {
  const search = new URLSearchParams(
    Object.entries(query).filter((entry): entry is [string, string] => Boolean(entry[1])),
  ).toString();
  return `#/${path.map(encodeURIComponent).join("/")}${search && `?${search}`}`;
}

export function useRoute(): Route {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const follow = () => setHash(location.hash);
    // It may have changed between the first drawing and this.
    follow();
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return parseRoute(hash);
}

/** Goes there, as a new entry of the history. */
export const go = (href: string): void => {
  location.hash = href;
};

/** Replaces the current entry of the history: for filters, where each typed character would be one to go back through. */
export function replaceRoute(href: string): void {
  history.replaceState(null, "", href);
  dispatchEvent(new HashChangeEvent("hashchange"));
}
