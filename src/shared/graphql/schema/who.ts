/** What the fields say that name who gave a command. */
export const WHO =
  "Who did it: the subject of the token, or else its role, `operator`, `service` or `dealer`. A dealer's token sees the subjects of its own dealers, `operator` for the platform's operators and services, and null for another dealer. Null if the event does not say.";
