import { useState } from "preact/hooks";
import type { OpsUser } from "#auth/ops-role.ts";
import { mayAct } from "#auth/ops-role.ts";
import type { Run } from "#ops/api.ts";
import { useAction } from "../../answer.ts";
import { ask } from "../../client.ts";
import { Field } from "../../parts/field.tsx";
import { ErrorMessage } from "../../parts/states.tsx";
import { formatLetters } from "./words.ts";

type StartFormProps = { readonly run: Run; readonly user: OpsUser; readonly onStarted: () => void };

const NUMBERS = [
  { name: "rate", label: "Letters per second", min: 1, max: 500, hint: "Live records take precedence." },
  {
    name: "canary",
    label: "Canary",
    min: 0,
    max: 1_000,
    hint: "How many are sent first; the others follow when these are completed.",
  },
  {
    name: "maxFailurePercent",
    label: "Failure limit, %",
    min: 0,
    max: 100,
    hint: "Of the completed letters. Above it the run pauses.",
  },
] as const;

/** Starts what was planned, once the operator has confirmed the plan. */
export function StartForm({ run, user, onStarted }: StartFormProps) {
  const { id, hash, rate, canary, maxFailurePercent, progress } = run;
  const [name, setName] = useState("");
  const [pace, setPace] = useState<Pace>({ rate, canary, maxFailurePercent });
  const [isSure, setIsSure] = useState(false);
  const start = useAction(
    () => ask<Run>("POST", `/runs/${encodeURIComponent(id)}/start`, { hash, name: name.trim(), ...pace }),
    { onDone: onStarted, subject: JSON.stringify([name, pace]) },
  );
  const disabledReason = mayAct(user, "operator") ? undefined : `Requires role operator; your role is ${user.role}.`;
  return (
    <form
      class="card stack start"
      aria-labelledby="start"
      onSubmit={(event) => {
        event.preventDefault();
        start.run();
      }}
    >
      <h2 id="start">Start the run</h2>
      <Field label="Name" hint="What this run is for.">
        {(field, hint) => (
          <input
            id={field}
            aria-describedby={hint}
            required
            maxLength={100}
            placeholder="modes are known now"
            value={name}
            disabled={disabledReason !== undefined}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        )}
      </Field>
      <Paces pace={pace} isDisabled={disabledReason !== undefined} onChange={setPace} />
      <label class="check">
        <input
          type="checkbox"
          required
          checked={isSure}
          disabled={disabledReason !== undefined}
          onChange={(event) => setIsSure(event.currentTarget.checked)}
        />
        <span>I have looked at the plan. Send {formatLetters(progress.total)}.</span>
      </label>
      {start.refusal && <ErrorMessage refusal={start.refusal} />}
      <div class="row">
        <button
          type="submit"
          class="primary"
          disabled={disabledReason !== undefined || start.isBusy || !isSure || name.trim() === ""}
          title={
            disabledReason ??
            (isSure && name.trim() !== "" ? undefined : "Enter a name, and confirm that you have looked at the plan.")
          }
        >
          Start
        </button>
      </div>
    </form>
  );
}

type Pace = Readonly<Record<(typeof NUMBERS)[number]["name"], number>>;
type PacesProps = { readonly pace: Pace; readonly isDisabled: boolean; readonly onChange: (pace: Pace) => void };

const Paces = ({ pace, isDisabled, onChange }: PacesProps) => (
  <div class="paces">
    {NUMBERS.map(({ name, label, min, max, hint }) => (
      <Field key={name} label={label} hint={hint}>
        {(id, describedBy) => (
          <input
            id={id}
            aria-describedby={describedBy}
            type="number"
            required
            min={min}
            max={max}
            step={name === "maxFailurePercent" ? "any" : 1}
            value={pace[name]}
            disabled={isDisabled}
            onInput={(event) => onChange({ ...pace, [name]: event.currentTarget.valueAsNumber })}
          />
        )}
      </Field>
    ))}
  </div>
);
