import { useState } from "preact/hooks";
import type { OpsUser } from "#auth/ops-role.ts";
import type { Run } from "#ops/api.ts";
import { useAction, useAnswer } from "../../answer.ts";
import { ask } from "../../client.ts";
import { Act } from "../../parts/act.tsx";
import { Badge } from "../../parts/badge.tsx";
import { Fact, Facts } from "../../parts/facts.tsx";
import { Answered, ErrorMessage } from "../../parts/states.tsx";
import { FullTime } from "../../parts/time.tsx";
import { hrefOf } from "../../route.ts";
import { CancelDialog } from "./cancel-dialog.tsx";
import { PlanPicture } from "./plan-picture.tsx";
import { RunProgress } from "./run-progress.tsx";
import { One } from "./section.tsx";
import { StartForm } from "./start-form.tsx";
import { formatLetters, shortId, toneOf } from "./words.ts";

type RunPageProps = { readonly id: string; readonly user: OpsUser };

/** A replay run: its plan, the form to start it, its progress, and its actions. */
export function RunPage({ id, user }: RunPageProps) {
  const [isRunning, setIsRunning] = useState(false);
  const answer = useAnswer<Run>(`/runs/${encodeURIComponent(id)}`, isRunning ? 1 : 10);
  const run = answer.data;
  if (run && (run.state === "running") !== isRunning) setIsRunning(run.state === "running");
  return (
    <One
      at="runs"
      title={
        <>
          {run?.name ?? `${run?.state === "planned" ? "Plan" : "Run"} ${shortId(id)}`}{" "}
          {run && <Badge tone={toneOf(run.state)}>{run.state}</Badge>}
        </>
      }
      actions={run && <RunActions run={run} user={user} onChange={answer.reload} />}
    >
      <Answered answer={answer} what="the run">
        {(data) => <RunView run={data} user={user} onChange={answer.reload} />}
      </Answered>
    </One>
  );
}

type RunProps = { readonly run: Run; readonly user: OpsUser; readonly onChange: () => void };

function RunView({ run, user, onChange }: RunProps) {
  const { state, why, progress } = run;
  const isPlanned = state === "planned";
  return (
    <>
      {why && (
        // Not announced: the reason for waiting changes each second.
        <p class={state === "paused" ? "why paused" : "why"} role={state === "paused" ? "status" : undefined}>
          {state === "paused" ? `Paused: ${why}.` : `Waiting: ${why}.`}
        </p>
      )}
      {state === "paused" && progress.failed > 0 && (
        <p>
          Look at what failed again in its <a href="#/groups">groups</a>, then resume or cancel the run.
        </p>
      )}
      {!isPlanned && <RunProgress run={run} />}
      <div class="pair wide">
        <PlanPicture plan={run.plan} hash={run.hash} isOpen={isPlanned} />
        {isPlanned && progress.total > 0 && <StartForm run={run} user={user} onStarted={onChange} />}
        {isPlanned && progress.total === 0 && <NothingToSend />}
        {!isPlanned && <RunFacts run={run} />}
      </div>
      {state === "canceled" && progress.waiting > 0 && (
        <p class="muted">
          {formatLetters(progress.waiting)} {progress.waiting === 1 ? "was" : "were"} not sent and still{" "}
          {progress.waiting === 1 ? "waits" : "wait"}.
        </p>
      )}
    </>
  );
}

const NothingToSend = () => (
  <section class="card">
    <h2>No letter would be sent</h2>
    <p>
      Fix what still fails first: widen its contract and deploy, or edit the payloads. To send the letters anyway, plan
      again with force.
    </p>
  </section>
);

const RunFacts = ({ run }: { readonly run: Run }) => (
  <section class="card" aria-label="Details">
    <Facts>
      <Fact name="Run">
        <span class="mono">{run.id}</span> · <a href={hrefOf(["audit"], { target: run.id })}>audit</a>
      </Fact>
      <Fact name="By">{run.actor}</Fact>
      <Fact name="Planned">
        <FullTime at={run.createdAt} />
      </Fact>
      <Fact name="Started">
        <FullTime at={run.startedAt} />
      </Fact>
      <Fact name="Ended">{run.endedAt && <FullTime at={run.endedAt} />}</Fact>
      <Fact name="Rate">at most {formatLetters(run.rate)} a second</Fact>
      <Fact name="Canary">{run.canary === 0 ? "none" : `the first ${run.canary}`}</Fact>
      <Fact name="Pauses">above {run.maxFailurePercent} % failures</Fact>
    </Facts>
  </section>
);

/** The actions on a run in its state. */
function RunActions({ run, user, onChange }: RunProps) {
  const order = useAction(
    (what: "pause" | "resume" | "cancel") => ask<Run>("POST", `/runs/${encodeURIComponent(run.id)}/${what}`),
    { onDone: onChange, subject: run.state },
  );
  const [isCanceling, setIsCanceling] = useState(false);
  const { state } = run;
  const isOver = state === "done" || state === "canceled";
  if (isOver) return null;
  const act = (label: string, onAct: () => void, tone?: "primary" | "danger") => (
    <Act user={user} as="operator" isBusy={order.isBusy} onAct={onAct} {...(tone && { tone })}>
      {label}
    </Act>
  );
  return (
    <>
      {state === "running" && act("Pause", () => order.run("pause"))}
      {state === "paused" && act("Resume", () => order.run("resume"), "primary")}
      {state === "planned" && act("Discard the plan", () => order.run("cancel"), "danger")}
      {state !== "planned" && act("Cancel the run…", () => setIsCanceling(true), "danger")}
      {order.refusal && <ErrorMessage refusal={order.refusal} />}
      {isCanceling && (
        <CancelDialog
          run={run}
          onClose={() => setIsCanceling(false)}
          onCanceled={() => {
            setIsCanceling(false);
            onChange();
          }}
        />
      )}
    </>
  );
}
