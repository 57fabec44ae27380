import type { ComponentChildren } from "preact";
import { type DeskRole, type DeskUser, mayAct } from "../../../../src/shared/auth/desk-role.ts";

type ActProps = {
  readonly user: DeskUser;
  /** Who may. */
  readonly as: DeskRole;
  readonly onAct: () => void;
  /** What else keeps it from being done now, in a sentence. */
  readonly unless?: string | undefined;
  readonly tone?: "primary" | "danger" | false | undefined;
  readonly isBusy?: boolean;
  readonly children: ComponentChildren;
};

/** A button that does something, or says why it does not: to whom it is not allowed, or when it makes no sense. */
export function Act({ user, as, onAct, unless, tone, isBusy = false, children }: ActProps) {
  const barred = mayAct(user, as) ? unless : `This is for role ${as}, and you are ${user.role}.`;
  return (
    <button
      type="button"
      class={tone || undefined}
      disabled={barred !== undefined || isBusy}
      title={barred}
      onClick={onAct}
    >
      {children}
    </button>
  );
}
