import type { Interval } from "#domain/assignment.ts";
import type { Source } from "#domain/event.ts";
import { partyKeyOf } from "#domain/party.ts";
import { formatOccurredAt } from "#domain/version.ts";
import { builder } from "./builder.ts";
import { Dealer } from "./dealer.ts";

const Assignment = builder.objectRef<Interval & { readonly source: Source }>("Assignment").implement({
  description: "An interval in which a device had one dealer, or none.",
  fields: (t) => ({
    dealer: t.field({
      type: Dealer,
      nullable: true,
      description: "Null while unassigned.",
      resolve: ({ source, dealerId }, _, { load }) =>
        dealerId === null ? null : load.dealerRecord.load(partyKeyOf(source, dealerId)),
    }),
    from: t.field({ type: "DateTime", description: "Inclusive.", resolve: ({ from }) => formatOccurredAt(from) }),
    to: t.field({
      type: "DateTime",
      nullable: true,
      description: "Exclusive; null while it lasts. Events at exactly this time are ordered by their ids.",
      resolve: ({ to }) => to && formatOccurredAt(to),
    }),
  }),
});

export const AssignmentConnection = builder.connectionObject({ type: Assignment, name: "AssignmentConnection" });
