import { useState } from "preact/hooks";
import type { Selected } from "./letter-table.tsx";

/** The rows of a list that are selected, until the page is left. */
export function useSelected(): Selected & { readonly clear: () => void } {
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  return {
    ids,
    toggle: (some, isSelected) =>
      setIds((last) => new Set(isSelected ? [...last, ...some] : [...last].filter((id) => !some.includes(id)))),
    clear: () => setIds(new Set()),
  };
}
