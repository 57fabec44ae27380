import type { Letter } from "../../../../../src/shared/desk/api.ts";
import { Badge } from "../../parts/badge.tsx";
import { ROW } from "../../parts/list-keys.ts";
import { countOf } from "../../parts/numbers.ts";
import { type Column, Table } from "../../parts/table.tsx";
import { Time } from "../../parts/time.tsx";
import { hrefOf } from "../../route.ts";
import { shortId, toneOf } from "./words.ts";

/** Letters that are selected, by id. */
export type Ticks = {
  readonly ids: ReadonlySet<string>;
  readonly toggle: (ids: readonly string[], isTicked: boolean) => void;
};

type LetterTableProps = {
  readonly letters: readonly Letter[];
  readonly ticks: Ticks;
  /** All are of one group, whose topic and reason stand above them. */
  readonly isOfOne?: boolean;
};

/** Letters, newest failure first, to open and to select. */
export function LetterTable({ letters, ticks, isOfOne = false }: LetterTableProps) {
  const all = letters.map(({ id }) => id);
  const selection: Column<Letter> = {
    name: "",
    head: (
      <input
        type="checkbox"
        aria-label="Select all shown"
        checked={all.every((id) => ticks.ids.has(id))}
        onChange={(event) => ticks.toggle(all, event.currentTarget.checked)}
      />
    ),
    class: "tick-cell",
    cell: ({ id }) => (
      <input
        type="checkbox"
        aria-label={`Select letter ${id}`}
        checked={ticks.ids.has(id)}
        onChange={(event) => ticks.toggle([id], event.currentTarget.checked)}
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
      />
    </div>
  );
}

const columnsOf = (isOfOne: boolean): readonly Column<Letter>[] => [
  { name: "State", by: ({ state }) => state, cell: ({ state }) => <Badge tone={toneOf(state)}>{state}</Badge> },
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
    by: ({ message }) => message,
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
    by: ({ deviceKey }) => deviceKey,
    class: "mono device-cell",
    cell: ({ deviceKey }) =>
      deviceKey === null ? <span class="muted">none</span> : <a href={hrefOf(["devices", deviceKey])}>{deviceKey}</a>,
  },
  { name: "Failures", by: ({ failures }) => failures, isNumber: true, cell: ({ failures }) => countOf(failures) },
  {
    name: "Last failed",
    by: ({ lastFailedAt }) => lastFailedAt,
    class: "tight",
    cell: ({ lastFailedAt }) => <Time at={lastFailedAt} />,
  },
];

const [ofOne, ofMany] = [columnsOf(true), columnsOf(false)];
