import type { ComponentChildren } from "preact";
import { mayAct, type OpsRole, type OpsUser } from "#auth/ops-role.ts";

type ActProps = {
  readonly user: OpsUser;
  /** Who may. */
  readonly as: OpsRole;
  readonly onAct: () => void;
  /** Why it is not possible now, in a sentence. */
  readonly unless?: string | undefined;
  readonly tone?: "primary" | "danger" | "primary danger" | false | undefined;
  readonly isBusy?: boolean;
  readonly children: ComponentChildren;
};

/** A button for an action. Where the action is not allowed or not possible, it is disabled and its tooltip says why. */
export function Act({ user, as, onAct, unless, tone, isBusy = false, children }: ActProps) {
  const disabledReason = mayAct(user, as) ? unless : `Requires role ${as}; your role is ${user.role}.`;
  return (
    <button
      type="button"
      class={tone || undefined}
      disabled={disabledReason !== undefined || isBusy}
      title={disabledReason}
      onClick={onAct}
    >
      {children}
    </button>
  );
}
