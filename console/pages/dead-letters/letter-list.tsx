import { SOURCES } from "#domain/event.ts";
import { REASONS } from "#letters/reasons.ts";
import { LETTER_STATES } from "#letters/states.ts";
import type { Letter, LetterFilterJson } from "#ops/api.ts";
import type { PageProps } from "../../page.ts";
import { usePaged } from "../../paged.ts";
import { type Filter, Filters } from "../../parts/filters.tsx";
import { listPath, rangeFilters, useFilter, withinFilter } from "../../parts/list-query.ts";
import { Listed } from "../../parts/listed.tsx";
import { Empty } from "../../parts/states.tsx";
import { LetterTable } from "./letter-table.tsx";
import { Section } from "./section.tsx";
import { useSelected } from "./selected.ts";
import { SelectionActions } from "./selection-actions.tsx";
import { formatLetters, LETTER_FILTERS } from "./words.ts";

const FILTERS: readonly Filter[] = [
  { name: "text", label: "Text", kind: "text", placeholder: "unmasked word" },
  { name: "state", label: "State", kind: "choice", options: LETTER_STATES },
  { name: "reason", label: "Reason", kind: "choice", options: REASONS },
  { name: "topic", label: "Topic", kind: "text", placeholder: "full topic name" },
  withinFilter("Failed"),
];

const OTHERS: readonly Filter[] = [
  { name: "source", label: "Source", kind: "choice", options: SOURCES },
  { name: "device", label: "Device", kind: "text", placeholder: "infinity:4711" },
  { name: "group", label: "Group", kind: "text" },
  ...rangeFilters("Failed"),
];

/** Letters by whatever narrows them down, newest failure first. */
export function LetterList({ route, user }: PageProps) {
  const filter = useFilter(route.query, LETTER_FILTERS) as LetterFilterJson;
  const letters = usePaged<Letter>(listPath("/dead-letters", filter, route.query), "deadLetters", 15);
  const selected = useSelected();
  const isSelected = selected.ids.size > 0;
  const isNarrowed = Object.keys(filter).length > 0;
  return (
    <Section at="letters">
      <Filters route={route} filters={FILTERS} others={OTHERS} />
      <div class="row spread acting">
        <span role="status">
          {isSelected
            ? `${formatLetters(selected.ids.size)} selected`
            : isNarrowed
              ? "All letters that match these filters"
              : "Select letters, or filter them, to act on them."}
        </span>
        <div class="row">
          <SelectionActions
            user={user}
            selection={isSelected ? { ids: [...selected.ids] } : { filter }}
            unless={isSelected || isNarrowed ? undefined : "Select or filter letters first."}
            onDiscarded={() => {
              selected.clear();
              letters.reload();
            }}
          />
        </div>
      </div>
      <Listed
        list={letters}
        what={["letter", "letters"]}
        empty={
          isNarrowed ? (
            <Empty title="No dead letters match these filters">
              Clear a filter to see more. The text search does not find masked values.
            </Empty>
          ) : (
            <Empty title="No dead letters">Every record was applied.</Empty>
          )
        }
      >
        {(items) => <LetterTable letters={items} selected={selected} />}
      </Listed>
    </Section>
  );
}
