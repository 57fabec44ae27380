import { partyKeyOf } from "../../domain/party.ts";
import { DealerCursor, type FoundDealer } from "../../repositories/dealer.ts";
import { partyKeyIn } from "../loaders.ts";
import { builder } from "./builder.ts";
import { DeviceConnection, DeviceFilter, devicesOf } from "./device.ts";
import { counted, countedConnection, pageArgs, pageRequest } from "./page.ts";
import { Source } from "./source.ts";
import { DealerStatistics, STATISTICS_COST } from "./statistics.ts";

export const Dealer = builder.objectRef<FoundDealer>("Dealer");

builder.node(Dealer, {
  name: "Dealer",
  description: "Who installs and looks after devices.",
  id: { resolve: ({ recordKey }) => recordKey },
  loadWithoutCache: (nodeId, { load }) => {
    const key = partyKeyIn(nodeId);
    return key ? load.dealerRecord.load(key) : load.dealer.load(nodeId.replace(/^:/, ""));
  },
  fields: (t) => ({
    dealerId: t.exposeString("dealerId", { description: "The upstream systems' id." }),
    source: t.expose("source", {
      type: Source,
      nullable: true,
      description:
        "The upstream system whose words these are; of several that name this id, the device's, or else the first.",
    }),
    name: t.exposeString("name", { description: "As the last event that named it says." }),
    phone: t.exposeString("phone", { nullable: true, description: "As the last event that named it says." }),
    email: t.exposeString("email", { nullable: true, description: "As the last event that named it says." }),
    website: t.exposeString("website", { nullable: true, description: "As the last event that named it says." }),
    devices: t.field({
      type: DeviceConnection,
      description: "The devices that are the dealer's now, by key.",
      args: { ...pageArgs, filter: t.arg({ type: DeviceFilter }) },
      resolve: ({ dealerId }, args, { load }) => devicesOf("dealerId", dealerId, args, load),
    }),
    statistics: t.field({
      type: DealerStatistics,
      description: "It reads every device that is the dealer's now.",
      extensions: { cost: STATISTICS_COST },
      resolve: ({ dealerId }, _, { load }) => load.dealerStatistics.load(dealerId),
    }),
  }),
});

const DealerConnection = countedConnection(Dealer, "DealerConnection");

const DealerFilter = builder.inputType("DealerFilter", {
  description: "Conditions that all have to hold.",
  fields: (t) => ({ namePrefix: t.string({ description: "How the name begins; case matters." }) }),
});

builder.queryField("dealer", (t) =>
  t.field({
    type: Dealer,
    nullable: true,
    description: "A dealer; null when there is none, or none that the token may see.",
    args: {
      dealerId: t.arg.string({ required: true }),
      source: t.arg({
        type: Source,
        description: "As this upstream system has it. Absent: as the first that names it.",
      }),
    },
    resolve: (_, { dealerId, source }, { load }) =>
      source == null ? load.dealer.load(dealerId) : load.dealerRecord.load(partyKeyOf(source, dealerId)),
  }),
);

builder.queryField("dealers", (t) =>
  t.field({
    type: DealerConnection,
    nullable: true,
    description: "Dealers by name. A token of role dealer sees its own.",
    args: { ...pageArgs, filter: t.arg({ type: DealerFilter }) },
    resolve: (_, { filter, ...args }, { dealers }) => {
      const conditions = filter ?? {};
      const page = pageRequest(args, DealerCursor);
      return counted(dealers.list(page, conditions), () => dealers.count(conditions));
    },
  }),
);
