import { useState } from "preact/hooks";
import type { Ticks } from "./letter-table.tsx";

/** What is ticked in a list, for as long as the list is looked at. */
export function useTicks(): Ticks & { readonly clear: () => void } {
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  return {
    ids,
    toggle: (some, isTicked) =>
      setIds((last) => new Set(isTicked ? [...last, ...some] : [...last].filter((id) => !some.includes(id)))),
    clear: () => setIds(new Set()),
  };
}
