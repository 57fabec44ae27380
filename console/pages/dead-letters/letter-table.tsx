import type { Letter } from "#ops/api.ts";
import { Badge } from "../../parts/badge.tsx";
import { ROW } from "../../parts/list-keys.ts";
import { None } from "../../parts/none.tsx";
import { formatCount } from "../../parts/numbers.ts";
import { type Column, Table } from "../../parts/table.tsx";
import { Time } from "../../parts/time.tsx";
import { hrefOf } from "../../route.ts";
import { shortId, toneOf } from "./words.ts";

/** Letters that are selected, by id. */
export type Selected = {
  readonly ids: ReadonlySet<string>;
  readonly toggle: (ids: readonly string[], isSelected: boolean) => void;
};

type LetterTableProps = {
  readonly letters: readonly Letter[];
  readonly selected: Selected;
  /** All letters are of one group, whose topic and reason are shown above. */
  readonly isOfOne?: boolean;
};

/** Letters to open and to select. */
export function LetterTable({ letters, selected, isOfOne = false }: LetterTableProps) {
  const all = letters.map(({ id }) => id);
  const selection: Column<Letter> = {
    name: "",
    head: (
      <input
        type="checkbox"
        aria-label="Select all shown"
        checked={all.every((id) => selected.ids.has(id))}
        onChange={(event) => selected.toggle(all, event.currentTarget.checked)}
      />
    ),
    class: "select-cell",
    cell: ({ id }) => (
      <input
        type="checkbox"
        aria-label={`Select letter ${id}`}
        checked={selected.ids.has(id)}
        onChange={(event) => selected.toggle([id], event.currentTarget.checked)}
      />
    ),
  };
  return (
    <div class="card flush">
      <Table
        class="letters"
        columns={[selection, ...(isOfOne ? ofOne : ofMany)]}
        items={letters}
        keyOf={({ id }) => id}
        pagesOf="letters"
      />
    </div>
  );
}

const columnsOf = (isOfOne: boolean): readonly Column<Letter>[] => [
  { name: "State", cell: ({ state }) => <Badge tone={toneOf(state)}>{state}</Badge> },
  {
    name: "Letter",
    isName: true,
    cell: ({ id }) => (
      <a {...ROW} class="mono" href={hrefOf(["letters", id])} title={id}>
        {shortId(id)}
      </a>
    ),
  },
  {
    name: "Why",
    class: "why-cell",
    cell: ({ message, reason, topic }) => (
      <>
        <span class="clamp" title={message}>
          {message}
        </span>
        {!isOfOne && (
          <span class="sub">
            {reason} · <span class="mono">{topic}</span>
          </span>
        )}
      </>
    ),
  },
  {
    name: "Device",
    class: "mono device-cell",
    cell: ({ deviceKey }) => (deviceKey === null ? <None /> : <a href={hrefOf(["devices", deviceKey])}>{deviceKey}</a>),
  },
  { name: "Failures", isNumber: true, cell: ({ failures }) => formatCount(failures) },
  {
    name: "Last failed",
    class: "tight",
    cell: ({ lastFailedAt }) => <Time at={lastFailedAt} />,
  },
];

const [ofOne, ofMany] = [columnsOf(true), columnsOf(false)];
