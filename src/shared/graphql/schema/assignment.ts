import type { Interval } from "../../domain/assignment.ts";
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
    from: t.expose("from", { type: "DateTime", description: "Inclusive." }),
    to: t.expose("to", { type: "DateTime", nullable: true, description: "Exclusive; null while it lasts." }),
  }),
});

export const AssignmentConnection = builder.connectionObject({ type: Assignment, name: "AssignmentConnection" });
