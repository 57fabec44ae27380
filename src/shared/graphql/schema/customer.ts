import type { Customer as CustomerShape } from "../../domain/change.ts";
import { CustomerCursor } from "../../repositories/customer.ts";
import { builder } from "./builder.ts";
import { DeviceConnection, DeviceFilter, devicesOf } from "./device.ts";
import { counted, countedConnection, pageArgs, pageRequest } from "./page.ts";

export const Customer = builder.objectRef<CustomerShape>("Customer");

builder.node(Customer, {
  name: "Customer",
  description: "Whose devices they are.",
  id: { resolve: ({ customerId }) => customerId },
  loadWithoutCache: (customerId, { load }) => load.customer.load(customerId),
  fields: (t) => ({
    customerId: t.exposeString("customerId", { description: "The upstream systems' id." }),
    name: t.exposeString("name", { description: "As the last event that named it says." }),
    email: t.exposeString("email", { nullable: true, description: "As the last event that named it says." }),
    phone: t.exposeString("phone", { nullable: true, description: "As the last event that named it says." }),
    devices: t.field({
      type: DeviceConnection,
      description: "The customer's devices, by key. A dealer sees those that are its own now.",
      args: { ...pageArgs, filter: t.arg({ type: DeviceFilter }) },
      resolve: ({ customerId }, args, { load }) => devicesOf("customerId", customerId, args, load),
    }),
  }),
});

const CustomerConnection = countedConnection(Customer, "CustomerConnection");

const CustomerFilter = builder.inputType("CustomerFilter", {
  description: "Conditions that all have to hold.",
  fields: (t) => ({ namePrefix: t.string({ description: "How the name begins; case matters." }) }),
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

builder.queryField("customers", (t) =>
  t.field({
    type: CustomerConnection,
    nullable: true,
    description: "Customers by name. A dealer sees those who have a device that is its own now.",
    args: { ...pageArgs, filter: t.arg({ type: CustomerFilter }) },
    resolve: (_, { filter, ...args }, { customers }) => {
      const conditions = filter ?? {};
      const page = pageRequest(args, CustomerCursor);
      return counted(customers.list(page, conditions), () => customers.count(conditions));
    },
  }),
);
