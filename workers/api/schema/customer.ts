import type { Customer as CustomerShape } from "../../../src/shared/domain/change.ts";
import { builder } from "./builder.ts";

export const Customer = builder.objectRef<CustomerShape>("Customer");

builder.node(Customer, {
  name: "Customer",
  description: "Whose devices they are.",
  id: { resolve: ({ customerId }) => customerId },
  loadWithoutCache: (customerId, { load }) => load.customer.load(customerId),
  fields: (t) => ({
    customerId: t.exposeString("customerId", { description: "The upstream systems' id." }),
    name: t.exposeString("name"),
    email: t.exposeString("email", { nullable: true }),
    phone: t.exposeString("phone", { nullable: true }),
  }),
});

builder.queryField("customer", (t) =>
  t.field({
    type: Customer,
    nullable: true,
    description: "A customer; null when there is none, or none that the token may see.",
    args: { customerId: t.arg.string({ required: true }) },
    resolve: (_, { customerId }, { load }) => load.customer.load(customerId),
  }),
);
