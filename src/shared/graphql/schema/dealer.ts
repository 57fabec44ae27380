import { partyKeyOf } from "#domain/party.ts";
import { DealerCursor, type FoundDealer } from "#repositories/dealer.ts";
import { partyKeyIn } from "../loaders.ts";
import { builder } from "./builder.ts";
import { DeviceConnection, DeviceFilter, loadDevices } from "./device.ts";
import { counted, countedConnection, pageArgs, pageRequest } from "./page.ts";
import { Source } from "./source.ts";
import { DealerStatistics, STATISTICS_COST } from "./statistics.ts";

export const Dealer = builder.objectRef<FoundDealer>("Dealer");

builder.node(Dealer, {
  name: "Dealer",
  description: "A dealer, who installs and maintains devices.",
  id: { resolve: ({ recordKey }) => recordKey },
  loadWithoutCache: (nodeId, { load }) => {
    const key = partyKeyIn(nodeId);
    return key ? load.dealerRecord.load(key) : load.dealer.load(nodeId.replace(/^:/, ""));
  },
  fields: (t) => ({
    dealerId: t.exposeString("dealerId", { description: "The id that the upstream systems use." }),
    source: t.expose("source", {
      type: Source,
      nullable: true,
      description:
        "The upstream system that this record is from. If several use this id: the device's, or else the first.",
    }),
    name: t.exposeString("name", { description: "As in the newest event that named it." }),
    phone: t.exposeString("phone", { nullable: true, description: "As in the newest event that named it." }),
    email: t.exposeString("email", { nullable: true, description: "As in the newest event that named it." }),
    website: t.exposeString("website", { nullable: true, description: "As in the newest event that named it." }),
    devices: t.field({
      type: DeviceConnection,
      description: "The devices that the dealer has now, by key.",
      args: {
        ...pageArgs,
        filter: t.arg({ type: DeviceFilter, description: "Only devices for which all of it holds." }),
      },
      resolve: ({ dealerId }, args, { load }) => loadDevices("dealerId", dealerId, args, load),
    }),
    statistics: t.field({
      type: DealerStatistics,
      description: "Counts of the dealer's devices and alerts. They are kept with each event.",
      extensions: { cost: STATISTICS_COST },
      resolve: ({ dealerId }, _, { load }) => load.dealerStatistics.load(dealerId),
    }),
  }),
});

const DealerConnection = countedConnection(Dealer, "DealerConnection");

const DealerFilter = builder.inputType("DealerFilter", {
  description: "Conditions on dealers; all of them have to hold.",
  fields: (t) => ({ namePrefix: t.string({ description: "The beginning of the name; case matters." }) }),
});

builder.queryField("dealer", (t) =>
  t.field({
    type: Dealer,
    nullable: true,
    description: "A dealer; null if it does not exist or the token may not see it.",
    args: {
      dealerId: t.arg.string({ required: true, description: "The id that the upstream systems use." }),
      source: t.arg({
        type: Source,
        description: "The record of this upstream system. Absent: of the first that has one.",
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
    description: "Dealers by name. A token of role dealer sees its own dealers.",
    args: {
      ...pageArgs,
      filter: t.arg({ type: DealerFilter, description: "Only dealers for which all of it holds." }),
    },
    resolve: (_, { filter, ...args }, { dealers }) => {
      const conditions = filter ?? {};
      const page = pageRequest(args, DealerCursor);
      return counted(dealers.list(page, conditions), () => dealers.count(conditions));
    },
  }),
);
