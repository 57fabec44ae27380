import { takesCommand } from "#domain/command.ts";
import { SOURCES } from "#domain/event.ts";
import type { Caller } from "../context.ts";
import { builder } from "./builder.ts";
import { Dealer } from "./dealer.ts";
import { COMMANDS, Command } from "./source.ts";

const ViewerRole = builder.enumType("ViewerRole", {
  description: "What a token is for.",
  values: {
    OPS: { value: "ops", description: "An operator of the platform, who sees everything." },
    SERVICE: { value: "service", description: "A service of ours, which sees everything." },
    DEALER: { value: "dealer", description: "A dealer's staff or app, which sees what belongs to its dealers." },
  } as const,
});

const Viewer = builder.objectRef<Caller>("Viewer").implement({
  description: "Who asks, as the request's token says.",
  fields: (t) => ({
    role: t.field({ type: ViewerRole, description: "What the token is for.", resolve: ({ scope }) => scope.role }),
    subject: t.exposeString("subject", {
      nullable: true,
      description: "The token's `sub`: whom or what it was issued to; null if it does not say.",
    }),
    expiresAt: t.field({
      type: "DateTime",
      description: "When the token expires. Sockets and streams that it opened end then.",
      resolve: ({ expiresAtMs }) => new Date(expiresAtMs).toISOString(),
    }),
    dealerIds: t.stringList({
      description: "The dealers that the token names; empty for a token that is no dealer's.",
      resolve: ({ scope }) => dealerIdsOf(scope),
    }),
    dealers: t.field({
      type: [Dealer],
      // So that the rest of the viewer is answered while the database is out of reach.
      nullable: true,
      description:
        "The records of these dealers, without those that no event has named yet. Null with an error while they cannot be read.",
      resolve: async ({ scope }, _, { load }) => {
        const found = await Promise.all(dealerIdsOf(scope).map((id) => load.dealer.load(id)));
        return found.filter((dealer) => dealer !== null);
      },
    }),
    ownDocuments: t.boolean({
      description: "Whether the token may send documents of its own. If not, only trusted documents.",
      resolve: ({ rights }) => rights.ownDocuments,
    }),
    commands: t.field({
      type: [Command],
      description: "The mutations that the token may send. Which of them a device takes is in its `commands`.",
      resolve: () => COMMANDS.filter((command) => SOURCES.some((source) => takesCommand(source, command))),
    }),
  }),
});

const dealerIdsOf = (scope: Caller["scope"]): readonly string[] =>
  scope.role === "dealer" ? [...new Set(scope.dealerIds)] : [];

builder.queryField("viewer", (t) =>
  t.field({
    type: Viewer,
    description: "Who asks, and what the token may do.",
    resolve: (_, __, { viewer }) => viewer(),
  }),
);
