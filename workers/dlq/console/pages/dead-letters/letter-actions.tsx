import { useState } from "preact/hooks";
import { type DeskUser, mayAct } from "../../../../../src/shared/auth/desk-role.ts";
import type { Letter, LetterDetail } from "../../../../../src/shared/desk/api.ts";
import { useAction } from "../../answer.ts";
import { ask, type Refusal } from "../../client.ts";
import { Act } from "../../parts/act.tsx";
import { ReasonDialog } from "../../parts/reason-dialog.tsx";
import { Trouble } from "../../parts/states.tsx";
import { DiscardDialog } from "./discard-dialog.tsx";
import { EditDialog } from "./edit-dialog.tsx";
import { whyNotEditable } from "./patch-between.ts";

type LetterActionsProps = {
  readonly letter: LetterDetail;
  readonly user: DeskUser;
  readonly onChange: () => void;
  /** Of a letter that is shown to an admin as it is, or edited by one. */
  readonly onUnmasked: (letter: LetterDetail) => void;
  readonly onMask: () => void;
};

/** What can be done with a letter as it stands, and by whom. */
export function LetterActions({ letter, user, onChange, onUnmasked, onMask }: LetterActionsProps) {
  const [open, setOpen] = useState<OpenDialog>();
  const path = pathOf(letter);
  // What was refused may be possible once the letter is edited, discarded or failed anew.
  const subject = `${letter.state} ${letter.revision} ${letter.failures}`;
  const replay = useAction((force: boolean) => ask<Letter>("POST", `${path}/replay`, { force }), {
    onDone: onChange,
    subject,
  });
  const restore = useAction(() => ask<Letter>("POST", `${path}/restore`), { onDone: onChange, subject });
  const isBusy = replay.isBusy || restore.isBusy;
  const act = { user, isBusy };
  // The main button is the next useful step: a letter that would fail again has to be edited first.
  const mends = letter.failsAgain && mayAct(user, "admin") && letter.payload !== null;
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
          tone={letter.failsAgain ? undefined : "primary"}
          unless={whyNotReplayable(letter)}
          onAct={() => replay.run(false)}
        >
          Replay
        </Act>
      )}
      <Act {...act} as="operator" tone="danger" unless={whyNotWaiting(letter)} onAct={() => setOpen("discard")}>
        Discard…
      </Act>
      {letter.masked ? (
        <Act {...act} as="admin" tone={mends && "primary"} onAct={() => setOpen("unmask")}>
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
        tone={mends && !letter.masked ? "primary" : undefined}
        unless={whyNotEdited(letter)}
        onAct={() => setOpen("edit")}
      >
        Edit…
      </Act>
      {replay.refusal && <ReplayTrouble refusal={replay.refusal} isBusy={isBusy} onForce={() => replay.run(true)} />}
      {restore.refusal && <Trouble refusal={restore.refusal} />}
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

type ReplayTroubleProps = { readonly refusal: Refusal; readonly isBusy: boolean; readonly onForce: () => void };

/** Why a replay was refused, and the way past it where the API knows one. */
const ReplayTrouble = ({ refusal, isBusy, onForce }: ReplayTroubleProps) => (
  <div class="trouble full" role="alert">
    <p>{refusal.message}</p>
    {refusal.details.canForce === true && (
      <button type="button" class="danger" disabled={isBusy} onClick={onForce}>
        Force the replay
      </button>
    )}
  </div>
);

function whyNotReplayable({ state, emptiedAt }: Letter): string | undefined {
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
