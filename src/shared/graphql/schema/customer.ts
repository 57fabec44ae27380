import { partyKeyOf } from "../../domain/party.ts";
import { CustomerCursor, type FoundCustomer } from "../../repositories/customer.ts";
import { partyKeyIn } from "../loaders.ts";
import { builder } from "./builder.ts";
import { DeviceConnection, DeviceFilter, devicesOf } from "./device.ts";
import { counted, countedConnection, pageArgs, pageRequest } from "./page.ts";
import { Source } from "./source.ts";

export const Customer = builder.objectRef<FoundCustomer>("Customer");

builder.node(Customer, {
  name: "Customer",
  description: "Whose devices they are.",
  id: { resolve: ({ recordKey }) => recordKey },
  loadWithoutCache: (nodeId, { load }) => {
    const key = partyKeyIn(nodeId);
    return key ? load.customerRecord.load(key) : load.customer.load(nodeId.replace(/^:/, ""));
  },
  fields: (t) => ({
    customerId: t.exposeString("customerId", { description: "The upstream systems' id." }),
    source: t.expose("source", {
      type: Source,
      nullable: true,
      description:
        "The upstream system whose words these are; of several that name this id, the device's, or else the first.",
    }),
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
    args: {
      customerId: t.arg.string({ required: true }),
      source: t.arg({
        type: Source,
        description: "As this upstream system has it. Absent: as the first that names it.",
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
    description: "Customers by name. A dealer sees those who have a device that is its own now.",
    args: { ...pageArgs, filter: t.arg({ type: CustomerFilter }) },
    resolve: (_, { filter, ...args }, { customers }) => {
      const conditions = filter ?? {};
      const page = pageRequest(args, CustomerCursor);
      return counted(customers.list(page, conditions), () => customers.count(conditions));
    },
  }),
);
