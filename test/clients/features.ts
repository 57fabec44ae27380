/** What clients are asked to do. Each of these is a column's worth of tests: a client says of every one what it does. */
export const FEATURES = {
  query: "A query with variables",
  mutation: "A mutation, and its user errors",
  errors: "Errors by their code",
  unauthenticated: "A refused token",
  pagination: "Pages forward and backward",
  trusted: "Trusted documents by id, as a dealer",
  apq: "Automatic persisted queries",
  apqOfDealer: "Automatic persisted queries, as a dealer",
  schema: "Reads the schema",
  eventStream: "A subscription by server-sent events",
} as const;

export type Feature = keyof typeof FEATURES;
