/** The limits of one edit. All are ours. */
export const EDIT_LIMITS = {
  operations: 100,
  /** Of the patch, and of the edited value unless the original was longer. */
  bytes: 64 * 1024,
  /** Of the patch, and of the value before and after. */
  nesting: 1_000,
} as const;
