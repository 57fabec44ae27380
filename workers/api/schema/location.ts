import type { Location as LocationShape } from "../../../src/shared/domain/change.ts";
import { builder } from "./builder.ts";

export const Location = builder.objectRef<LocationShape>("Location").implement({
  description: "Where a device hangs.",
  fields: (t) => ({
    country: t.exposeString("country", { description: "As the source writes it, like the rest." }),
    region: t.exposeString("region", { nullable: true }),
    city: t.exposeString("city", { nullable: true }),
    postalCode: t.exposeString("postalCode", { nullable: true }),
    timeZone: t.exposeString("timeZone", { nullable: true, description: "Such as America/New_York." }),
    latitude: t.exposeFloat("latitude", { nullable: true, description: "Degrees, north positive." }),
    longitude: t.exposeFloat("longitude", { nullable: true, description: "Degrees, east positive." }),
  }),
});
