/**
 * What somebody may do at the dead-letter desk, each all that stands before it:
 * - viewer: look, with what is personal masked
 * - operator: replay, discard, set states; masked all the same
 * - admin: see and edit payloads, take them out and put them in
 */
export const DESK_ROLES = ["viewer", "operator", "admin"] as const;
export type DeskRole = (typeof DESK_ROLES)[number];

/** Who is at the desk; `actor` stands in the audit log. */
export type DeskUser = { readonly actor: string; readonly role: DeskRole };

export const mayAct = ({ role }: DeskUser, as: DeskRole): boolean => DESK_ROLES.indexOf(role) >= DESK_ROLES.indexOf(as);
