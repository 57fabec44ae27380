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
  oneSocket: "One socket for fifty devices and two dealers",
  oneSubscription: "One subscription of fifty devices, and one of two dealers",
  socketOperations: "Queries and mutations over the socket",
  expiry: "Goes on with a new token when its own expires",
  socketRefused: "Hears why a socket is refused: a bad token, 4403",
  socketLimit: "Hears why a socket is refused: a rate limit, 4429",
  eventStream: "A subscription by server-sent events",
  resume: "Goes on after the connection is cut",
  otherProtocol: "A subscription in another protocol",
  credentials: "`credentials: include`, from an origin that may",
} as const;

export type Feature = keyof typeof FEATURES;
