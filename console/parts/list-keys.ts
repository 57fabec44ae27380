import { useEffect } from "preact/hooks";

/** What a row's own link is marked with. */
export const ROW = { "data-row": true } as const;

/**
 * Keys that lists share: j and k, and in a list the arrows, go down and up its rows; `/` goes to the filter, and x ticks
 * where one can tick.
 */
export function useListKeys(): void {
  useEffect(() => {
    const follow = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTaken(event)) return;
      if (actOn(event.key)) event.preventDefault();
    };
    addEventListener("keydown", follow);
    return () => removeEventListener("keydown", follow);
  }, []);
}

/** Whether somebody is writing, or a dialog is open. */
export function isTaken({ target }: KeyboardEvent): boolean {
  const isWriting = target instanceof Element && target.matches("input:not([type=checkbox]), textarea, select");
  return isWriting || document.querySelector("dialog[open]") !== null;
}

function actOn(key: string): boolean {
  switch (key) {
    case "j":
      return step(1);
    case "k":
      return step(-1);
    case "ArrowDown":
      return rowOf(document.activeElement) !== null && step(1);
    case "ArrowUp":
      return rowOf(document.activeElement) !== null && step(-1);
    case "x":
      return toggleSelection();
    case "/":
      return focus(document.querySelector<HTMLElement>("[data-filter]"));
    default:
      return false;
  }
}

const rowOf = (element: Element | null): Element | null => element?.closest("tbody tr") ?? null;

function step(by: 1 | -1): boolean {
  const rows = [...document.querySelectorAll<HTMLElement>("[data-row]")];
  const active = rowOf(document.activeElement);
  const at = rows.findIndex((row) => active?.contains(row));
  return focus(rows[at < 0 ? 0 : Math.min(Math.max(at + by, 0), rows.length - 1)]);
}

function toggleSelection(): boolean {
  const box = rowOf(document.activeElement)?.querySelector<HTMLElement>("input[type=checkbox]");
  box?.click();
  return box !== null && box !== undefined;
}

function focus(element: HTMLElement | null | undefined): boolean {
  element?.focus();
  element?.scrollIntoView({ block: "nearest" });
  return element !== null && element !== undefined;
}
