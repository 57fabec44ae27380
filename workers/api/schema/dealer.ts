import type { Dealer as DealerShape } from "../../../src/shared/domain/change.ts";
import { DeviceCursor } from "../../../src/shared/repositories/device.ts";
import { builder } from "./builder.ts";
import { DeviceConnection } from "./device.ts";
import { pageArgs, pageRequest } from "./page.ts";

export const Dealer = builder.objectRef<DealerShape>("Dealer");

builder.node(Dealer, {
  name: "Dealer",
  description: "Who installs and looks after devices.",
  id: { resolve: ({ dealerId }) => dealerId },
  loadWithoutCache: (dealerId, { load }) => load.dealer.load(dealerId),
  fields: (t) => ({
    dealerId: t.exposeString("dealerId", { description: "The upstream systems' id." }),
    name: t.exposeString("name"),
    phone: t.exposeString("phone", { nullable: true }),
    email: t.exposeString("email", { nullable: true }),
    website: t.exposeString("website", { nullable: true }),
    devices: t.field({
      type: DeviceConnection,
      description: "The devices that are the dealer's now, by key.",
      args: pageArgs,
      resolve: ({ dealerId }, args, { load }) => load.devicesOfDealer(dealerId, pageRequest(args, DeviceCursor)),
    }),
  }),
});

builder.queryField("dealer", (t) =>
  t.field({
    type: Dealer,
    nullable: true,
    description: "A dealer; null when there is none, or none that the token may see.",
    args: { dealerId: t.arg.string({ required: true }) },
    resolve: (_, { dealerId }, { load }) => load.dealer.load(dealerId),
  }),
);
