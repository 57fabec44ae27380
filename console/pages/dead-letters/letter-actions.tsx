import { useState } from "preact/hooks";
import { mayAct, type OpsUser } from "#auth/ops-role.ts";
import type { Letter, LetterDetail } from "#ops/api.ts";
import { useAction } from "../../answer.ts";
import { ask, type Refusal } from "../../client.ts";
import { Act } from "../../parts/act.tsx";
import { ReasonDialog } from "../../parts/reason-dialog.tsx";
import { ErrorMessage } from "../../parts/states.tsx";
import { DiscardDialog } from "./discard-dialog.tsx";
import { EditDialog } from "./edit-dialog.tsx";
import { whyNotEditable } from "./patch-between.ts";

type LetterActionsProps = {
  readonly letter: LetterDetail;
  readonly user: OpsUser;
  readonly onChange: () => void;
  /** Called with the unmasked letter, after an admin has unmasked or edited it. */
  readonly onUnmasked: (letter: LetterDetail) => void;
  readonly onMask: () => void;
};

/** The actions on a letter in its state, for the role of the user. */
export function LetterActions({ letter, user, onChange, onUnmasked, onMask }: LetterActionsProps) {
  const [open, setOpen] = useState<OpenDialog>();
  const path = pathOf(letter);
  // A refused action may be possible once the letter is edited, discarded or has failed again.
  const subject = `${letter.state} ${letter.revision} ${letter.failures}`;
  const replay = useAction((force: boolean) => ask<Letter>("POST", `${path}/replay`, { force }), {
    onDone: onChange,
    subject,
  });
  const restore = useAction(() => ask<Letter>("POST", `${path}/restore`), { onDone: onChange, subject });
  const isBusy = replay.isBusy || restore.isBusy;
  const act = { user, isBusy };
  // The main button is what can help the letter. To edit it, an admin has to see it first.
  const { next } = letter;
  const edits = next === "edit" && mayAct(user, "admin");
  return (
    <>
      {letter.state === "discarded" ? (
        <Act {...act} as="operator" tone="primary" onAct={() => restore.run()}>
          Restore
        </Act>
      ) : (
        <Act
          {...act}
          as="operator"
          tone={(next === null || next === "replay") && "primary"}
          unless={whyNotReplayable(letter)}
          onAct={() => replay.run(false)}
        >
          Replay
        </Act>
      )}
      <Act
        {...act}
        as="operator"
        tone={next === "discard" ? "primary danger" : "danger"}
        unless={whyNotWaiting(letter)}
        onAct={() => setOpen("discard")}
      >
        Discard…
      </Act>
      {letter.masked ? (
        <Act {...act} as="admin" tone={edits && "primary"} onAct={() => setOpen("unmask")}>
          Unmask…
        </Act>
      ) : (
        <button type="button" onClick={onMask}>
          Mask again
        </button>
      )}
      <Act
        {...act}
        as="admin"
        tone={edits && !letter.masked && "primary"}
        unless={whyNotEdited(letter)}
        onAct={() => setOpen("edit")}
      >
        Edit…
      </Act>
      {replay.refusal && <ReplayError refusal={replay.refusal} isBusy={isBusy} onForce={() => replay.run(true)} />}
      {restore.refusal && <ErrorMessage refusal={restore.refusal} />}
      <LetterDialog open={open} letter={letter} onClose={() => setOpen(undefined)} {...{ onChange, onUnmasked }} />
    </>
  );
}

const pathOf = ({ id }: Letter): string => `/dead-letters/${encodeURIComponent(id)}`;

type OpenDialog = "discard" | "unmask" | "edit" | undefined;

type LetterDialogProps = Pick<LetterActionsProps, "letter" | "onChange" | "onUnmasked"> & {
  readonly open: OpenDialog;
  readonly onClose: () => void;
};

function LetterDialog({ open, letter, onChange, onUnmasked, onClose }: LetterDialogProps) {
  const done = (follow: () => void) => {
    onClose();
    follow();
  };
  const text = letter.edited ?? letter.payload;
  switch (open) {
    case "discard":
      return <DiscardDialog selection={{ ids: [letter.id] }} onClose={onClose} onDiscarded={() => done(onChange)} />;
    case "unmask":
      return (
        <ReasonDialog
          title="Unmask the letter"
          button="Unmask"
          tone="primary"
          action={(unmask) => ask<LetterDetail>("GET", `${pathOf(letter)}?${new URLSearchParams({ unmask })}`)}
          onDone={(detail) => done(() => onUnmasked(detail))}
          onClose={onClose}
        >
          <p>This shows personal values to you, until you leave the page.</p>
        </ReasonDialog>
      );
    case "edit":
      if (text === null) return null;
      return (
        <EditDialog
          letter={letter}
          text={text}
          onClose={onClose}
          onEdited={(edited) => done(() => onUnmasked({ ...letter, ...edited }))}
        />
      );
    default:
      return null;
  }
}

type ReplayErrorProps = { readonly refusal: Refusal; readonly isBusy: boolean; readonly onForce: () => void };

/** Why a replay was refused, with a button to force it where that is possible. */
const ReplayError = ({ refusal, isBusy, onForce }: ReplayErrorProps) => (
  <div class="error-message full" role="alert">
    <p>{refusal.message}</p>
    {refusal.details.canForce === true && (
      <button type="button" class="danger" disabled={isBusy} onClick={onForce}>
        Force the replay
      </button>
    )}
  </div>
);

function whyNotReplayable({ state, emptiedAt, failure }: Letter): string | undefined {
  if (failure.reason === "too_large" && failure.cut) {
    return "Only the beginning of its value is stored. Publish the record again from its source.";
  }
  if (emptiedAt !== null) return "Its value is no longer stored, so there is nothing to send.";
  return state === "replaying" ? "It is being replayed. The outcome follows in a moment." : undefined;
}

const isWaiting = ({ state }: Letter): boolean => state === "open" || state === "quarantined";

const whyNotWaiting = (letter: Letter): string | undefined =>
  isWaiting(letter) ? undefined : `It is ${letter.state}; only a waiting letter can be discarded.`;

function whyNotEdited(letter: Letter): string | undefined {
  const text = letter.edited ?? letter.payload;
  if (!isWaiting(letter)) return `It is ${letter.state}; only a waiting letter can be edited.`;
  if (letter.masked) return "Unmask it first: masked values cannot be edited.";
  if (text === null || letter.payloadEncoding === "base64") return "It holds no text that a patch could change.";
  return whyNotEditable(text);
}
