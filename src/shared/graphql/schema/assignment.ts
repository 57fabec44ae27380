import type { Interval } from "../../domain/assignment.ts";
import { occurredAtOf } from "../../domain/version.ts";
import { builder } from "./builder.ts";
import { Dealer } from "./dealer.ts";

const Assignment = builder.objectRef<Interval>("Assignment").implement({
  description: "A stretch of time that a device spent with one dealer, or with none.",
  fields: (t) => ({
    dealer: t.field({
      type: Dealer,
      nullable: true,
      description: "Null while unassigned.",
      resolve: ({ dealerId }, _, { load }) => (dealerId === null ? null : load.dealer.load(dealerId)),
    }),
    from: t.field({ type: "DateTime", description: "Inclusive.", resolve: ({ from }) => occurredAtOf(from) }),
    to: t.field({
      type: "DateTime",
      nullable: true,
      description: "Exclusive; null while it lasts. Of events at this very moment their ids decide.",
      resolve: ({ to }) => to && occurredAtOf(to),
    }),
  }),
});

export const AssignmentConnection = builder.connectionObject({ type: Assignment, name: "AssignmentConnection" });
