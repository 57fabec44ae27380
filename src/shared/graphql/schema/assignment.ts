import type { Interval } from "../../domain/assignment.ts";
import type { Source } from "../../domain/event.ts";
import { partyKeyOf } from "../../domain/party.ts";
import { occurredAtOf } from "../../domain/version.ts";
import { builder } from "./builder.ts";
import { Dealer } from "./dealer.ts";

const Assignment = builder.objectRef<Interval & { readonly source: Source }>("Assignment").implement({
  description: "A stretch of time that a device spent with one dealer, or with none.",
  fields: (t) => ({
    dealer: t.field({
      type: Dealer,
      nullable: true,
      description: "Null while unassigned.",
      resolve: ({ source, dealerId }, _, { load }) =>
        dealerId === null ? null : load.dealerRecord.load(partyKeyOf(source, dealerId)),
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
