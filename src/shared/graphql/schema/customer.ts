import { partyKeyOf } from "#domain/party.ts";
import { CustomerCursor, type FoundCustomer } from "#repositories/customer.ts";
import { partyKeyIn } from "../loaders.ts";
import { builder } from "./builder.ts";
import { DeviceConnection, DeviceFilter, loadDevices } from "./device.ts";
import { counted, countedConnection, pageArgs, pageRequest } from "./page.ts";
import { Source } from "./source.ts";

export const Customer = builder.objectRef<FoundCustomer>("Customer");

builder.node(Customer, {
  name: "Customer",
  description: "A customer, who owns devices.",
  id: { resolve: ({ recordKey }) => recordKey },
  loadWithoutCache: (nodeId, { load }) => {
    const key = partyKeyIn(nodeId);
    return key ? load.customerRecord.load(key) : load.customer.load(nodeId.replace(/^:/, ""));
  },
  fields: (t) => ({
    customerId: t.exposeString("customerId", { description: "The id that the upstream systems use." }),
    source: t.expose("source", {
      type: Source,
      nullable: true,
      description:
        "The upstream system that this record is from. If several use this id: the device's, or else the first.",
    }),
    name: t.exposeString("name", {
      description: "As in the newest event that named it; empty if the customer was forgotten.",
    }),
    isForgotten: t.boolean({
      description: "Whether the customer asked to be forgotten: nothing but the id is known, and never will be again.",
      resolve: ({ isForgotten }) => isForgotten ?? false,
    }),
    email: t.exposeString("email", { nullable: true, description: "As in the newest event that named it." }),
    phone: t.exposeString("phone", { nullable: true, description: "As in the newest event that named it." }),
    devices: t.field({
      type: DeviceConnection,
      description: "The customer's devices, by key. A dealer sees those that it has now.",
      args: {
        ...pageArgs,
        filter: t.arg({ type: DeviceFilter, description: "Only devices for which all of it holds." }),
      },
      resolve: ({ customerId }, args, { load }) => loadDevices("customerId", customerId, args, load),
    }),
  }),
});

const CustomerConnection = countedConnection(Customer, "CustomerConnection");

const CustomerFilter = builder.inputType("CustomerFilter", {
  description: "Conditions on customers; all of them have to hold.",
  fields: (t) => ({ namePrefix: t.string({ description: "The beginning of the name; case matters." }) }),
});

builder.queryField("customer", (t) =>
  t.field({
    type: Customer,
    nullable: true,
    description: "A customer; null if it does not exist or the token may not see it.",
    args: {
      customerId: t.arg.string({ required: true, description: "The id that the upstream systems use." }),
      source: t.arg({
        type: Source,
        description: "The record of this upstream system. Absent: of the first that has one.",
      }),
    },
    resolve: (_, { customerId, source }, { load }) =>
      source == null ? load.customer.load(customerId) : load.customerRecord.load(partyKeyOf(source, customerId)),
  }),
);

builder.queryField("customers", (t) =>
  t.field({
    type: CustomerConnection,
    nullable: true,
    description: "Customers by name. A dealer sees those with a device that the dealer has now.",
    args: {
      ...pageArgs,
      filter: t.arg({ type: CustomerFilter, description: "Only customers for which all of it holds." }),
    },
    resolve: (_, { filter, ...args }, { customers }) => {
      const conditions = filter ?? {};
      const page = pageRequest(args, CustomerCursor);
      return counted(customers.list(page, conditions), () => customers.count(conditions));
    },
  }),
);
