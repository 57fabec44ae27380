import { useState } from "preact/hooks";
import type { DeskUser } from "../../../../../src/shared/auth/desk-role.ts";
import type { Group, Letter } from "../../../../../src/shared/desk/api.ts";
import { useAnswer } from "../../answer.ts";
import { usePaged } from "../../paged.ts";
import { Act } from "../../parts/act.tsx";
import { Badge } from "../../parts/badge.tsx";
import { CountBars } from "../../parts/count-bars.tsx";
import { Fact, Facts } from "../../parts/facts.tsx";
import { Listed } from "../../parts/listed.tsx";
import { countOf } from "../../parts/numbers.ts";
import { Legend, StackedBar } from "../../parts/stacked-bar.tsx";
import { Answered, Empty } from "../../parts/states.tsx";
import { FullTime } from "../../parts/time.tsx";
import { hrefOf } from "../../route.ts";
import { partsOfCounts } from "./counts-bar.tsx";
import { GroupEditDialog } from "./group-edit-dialog.tsx";
import { LetterTable } from "./letter-table.tsx";
import { One } from "./section.tsx";
import { SelectionActions } from "./selection-actions.tsx";
import { StateDialog } from "./state-dialog.tsx";
import { useTicks } from "./ticks.ts";
import { useTrends } from "./trend.tsx";
import { causeOf, lettersOf, toneOf, waitingIn } from "./words.ts";

type GroupPageProps = { readonly id: string; readonly user: DeskUser };

/** One mistake: how many letters it has made, where it stands, and what is done about it. */
export function GroupPage({ id, user }: GroupPageProps) {
  const group = useAnswer<Group>(`/groups/${encodeURIComponent(id)}`, 5);
  const letters = usePaged<Letter>(`/dead-letters?${new URLSearchParams({ group: id })}`, "deadLetters", 5);
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
        {(data) => <GroupFacts group={data} />}
      </Answered>
      <GroupLetters letters={letters} user={user} onChange={reload} />
    </One>
  );
}

type ActionsProps = { readonly group: Group; readonly user: DeskUser; readonly onChange: () => void };

function GroupActions({ group, user, onChange }: ActionsProps) {
  const [open, setOpen] = useState<"state" | "edit">();
  const close = () => setOpen(undefined);
  const done = () => {
    close();
    onChange();
  };
  const nothing = waitingIn(group.counts) === 0 ? "No letter of this group waits." : undefined;
  return (
    <>
      <SelectionActions user={user} selection={{ group: group.id }} unless={nothing} onDiscarded={onChange} />
      <Act user={user} as="operator" onAct={() => setOpen("state")}>
        Set state…
      </Act>
      <Act user={user} as="admin" unless={nothing} onAct={() => setOpen("edit")}>
        Edit all…
      </Act>
      {open === "state" && <StateDialog group={group} onSet={done} onClose={close} />}
      {open === "edit" && <GroupEditDialog group={group} onApplied={onChange} onClose={close} />}
    </>
  );
}

function GroupFacts({ group }: { readonly group: Group }) {
  const { id, topic, reason, counts, letters, failures, firstFailedAt, lastFailedAt } = group;
  const parts = partsOfCounts(counts);
  return (
    <div class="pair">
      <section class="card stack" aria-label="How its letters stand">
        <p class="figure">
          <strong>{countOf(waitingIn(counts))}</strong> of {lettersOf(letters)} {letters === 1 ? "waits" : "wait"}
        </p>
        <div>
          <StackedBar parts={parts} total={letters} label="Letters" />
          <Legend parts={parts} />
        </div>
        <GroupTrend id={id} />
      </section>
      <section class="card" aria-label="About it">
        <Facts>
          <Fact name="Topic">
            <a class="mono" href={hrefOf(["topics", topic])}>
              {topic}
            </a>
          </Fact>
          <Fact name="Reason">{reason}</Fact>
          <Fact name="Failures">{countOf(failures)}</Fact>
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

/** Whether it is getting better or worse. */
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
  readonly user: DeskUser;
  readonly onChange: () => void;
};

function GroupLetters({ letters, user, onChange }: GroupLettersProps) {
  const ticks = useTicks();
  return (
    <section class="stack" aria-labelledby="letters-of-group">
      <div class="row spread">
        <h2 id="letters-of-group">Letters</h2>
        {ticks.ids.size > 0 && (
          <div class="row">
            <span role="status">{lettersOf(ticks.ids.size)} selected</span>
            <SelectionActions
              user={user}
              selection={{ ids: [...ticks.ids] }}
              onDiscarded={() => {
                ticks.clear();
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
        {(items) => <LetterTable letters={items} ticks={ticks} isOfOne />}
      </Listed>
    </section>
  );
}
