import { useState } from "preact/hooks";
import type { OpsUser } from "#auth/ops-role.ts";
import type { GroupDetail, Letter } from "#ops/api.ts";
import { useAnswer } from "../../answer.ts";
import { usePaged } from "../../paged.ts";
import { Act } from "../../parts/act.tsx";
import { Badge } from "../../parts/badge.tsx";
import { CountBars } from "../../parts/count-bars.tsx";
import { Fact, Facts } from "../../parts/facts.tsx";
import { listPath } from "../../parts/list-query.ts";
import { Listed } from "../../parts/listed.tsx";
import { formatCount } from "../../parts/numbers.ts";
import { Legend, StackedBar } from "../../parts/stacked-bar.tsx";
import { Answered, Empty } from "../../parts/states.tsx";
import { FullTime } from "../../parts/time.tsx";
import { hrefOf, useRoute } from "../../route.ts";
import { partsOfCounts } from "./counts-bar.tsx";
import { GroupEditDialog } from "./group-edit-dialog.tsx";
import { LetterTable } from "./letter-table.tsx";
import { NextStepNote } from "./next-step.tsx";
import { One } from "./section.tsx";
import { useSelected } from "./selected.ts";
import { SelectionActions } from "./selection-actions.tsx";
import { StateDialog } from "./state-dialog.tsx";
import { useTrends } from "./trend.tsx";
import { causeOf, formatLetters, toneOf, waitingIn } from "./words.ts";

type GroupPageProps = { readonly id: string; readonly user: OpsUser };

/** A group: its letters by state, its state, and the actions on all of its letters. */
export function GroupPage({ id, user }: GroupPageProps) {
  const group = useAnswer<GroupDetail>(`/groups/${encodeURIComponent(id)}`, 5);
  const letters = usePaged<Letter>(listPath("/dead-letters", { group: id }, useRoute().query), "deadLetters", 5);
  const reload = () => {
    group.reload();
    letters.reload();
  };
  if (!group.data) {
    return (
      <One at="groups" title={`Group ${id}`}>
        <Answered answer={group} what="the group">
          {() => null}
        </Answered>
      </One>
    );
  }
  return (
    <One
      at="groups"
      title={
        <>
          {causeOf(group.data)} <Badge tone={toneOf(group.data.state)}>{group.data.state}</Badge>
        </>
      }
      actions={<GroupActions group={group.data} user={user} onChange={reload} />}
    >
      <Answered answer={group} what="the group">
        {(data) => (
          <>
            {data.sample && <NextStepNote sample={data.sample} />}
            <GroupFacts group={data} />
          </>
        )}
      </Answered>
      <GroupLetters letters={letters} user={user} onChange={reload} />
    </One>
  );
}

type ActionsProps = { readonly group: GroupDetail; readonly user: OpsUser; readonly onChange: () => void };

function GroupActions({ group, user, onChange }: ActionsProps) {
  const [open, setOpen] = useState<"state" | "edit">();
  const close = () => setOpen(undefined);
  const done = () => {
    close();
    onChange();
  };
  const nothing = waitingIn(group.counts) === 0 ? "No letter of this group is waiting." : undefined;
  // The main button comes first.
  const isEdit = group.sample?.next === "edit";
  const editAll = (
    <Act user={user} as="admin" tone={isEdit && "primary"} unless={nothing} onAct={() => setOpen("edit")}>
      Edit all…
    </Act>
  );
  return (
    <>
      {isEdit && editAll}
      <SelectionActions
        user={user}
        selection={{ group: group.id }}
        next={group.sample?.next}
        unless={nothing}
        onDiscarded={onChange}
      />
      <Act user={user} as="operator" onAct={() => setOpen("state")}>
        Set state…
      </Act>
      {!isEdit && editAll}
      {open === "state" && <StateDialog group={group} onSet={done} onClose={close} />}
      {open === "edit" && <GroupEditDialog group={group} onApplied={onChange} onClose={close} />}
    </>
  );
}

function GroupFacts({ group }: { readonly group: GroupDetail }) {
  const { id, topic, reason, counts, letters, failures, firstFailedAt, lastFailedAt } = group;
  const parts = partsOfCounts(counts);
  return (
    <div class="pair">
      <section class="card stack" aria-label="Letters by state">
        <p class="figure">
          <strong>{formatCount(waitingIn(counts))}</strong> of {formatLetters(letters)}{" "}
          {letters === 1 ? "is waiting" : "are waiting"}
        </p>
        <div>
          <StackedBar parts={parts} total={letters} label="Letters" />
          <Legend parts={parts} />
        </div>
        <GroupTrend id={id} />
      </section>
      <section class="card" aria-label="Details">
        <Facts>
          <Fact name="Topic">
            <a class="mono" href={hrefOf(["topics", topic])}>
              {topic}
            </a>
          </Fact>
          <Fact name="Reason">{reason}</Fact>
          <Fact name="Failures">{formatCount(failures)}</Fact>
          <Fact name="First failed">
            <FullTime at={firstFailedAt} />
          </Fact>
          <Fact name="Last failed">
            <FullTime at={lastFailedAt} />
          </Fact>
          <Fact name="Note">{group.note}</Fact>
          <Fact name="State set">
            {group.changedBy && (
              <>
                by {group.changedBy}, <FullTime at={group.changedAt} />
              </>
            )}
          </Fact>
          <Fact name="Group">
            <span class="mono">{id}</span> · <a href={hrefOf(["audit"], { target: id })}>audit</a>
          </Fact>
        </Facts>
      </section>
    </div>
  );
}

/** Failures of the last day, by hour. */
function GroupTrend({ id }: { readonly id: string }) {
  const trends = useTrends([id]);
  const hours = trends?.trends[id];
  if (!trends || !hours) return null;
  return (
    <div>
      <h2>Failures by hour</h2>
      <CountBars
        history={{ atMs: trends.atMs, stepMs: 3_600_000 }}
        counts={hours}
        kind="dead"
        noun="failure"
        by="hour"
      />
    </div>
  );
}

type GroupLettersProps = {
  readonly letters: ReturnType<typeof usePaged<Letter>>;
  readonly user: OpsUser;
  readonly onChange: () => void;
};

function GroupLetters({ letters, user, onChange }: GroupLettersProps) {
  const selected = useSelected();
  return (
    <section class="stack" aria-labelledby="letters-of-group">
      <div class="row spread">
        <h2 id="letters-of-group">Letters</h2>
        {selected.ids.size > 0 && (
          <div class="row">
            <span role="status">{formatLetters(selected.ids.size)} selected</span>
            <SelectionActions
              user={user}
              selection={{ ids: [...selected.ids] }}
              onDiscarded={() => {
                selected.clear();
                onChange();
              }}
            />
          </div>
        )}
      </div>
      <Listed
        list={letters}
        what={["letter", "letters"]}
        empty={<Empty title="No letters">They were closed long ago, and are no longer stored.</Empty>}
      >
        {(items) => <LetterTable letters={items} selected={selected} isOfOne />}
      </Listed>
    </section>
  );
}
