/** What the fields say that name who gave a command. */
export const WHO =
  "The subject of the token that did it, or else its role: `operator`, `service` or `dealer`. A dealer's token sees subjects of its own dealers, `operator` for ours, and null for another dealer's. Null if the event does not say.";
