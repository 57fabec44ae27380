import type { Location as LocationShape } from "../../domain/change.ts";
import { builder } from "./builder.ts";

export const Location = builder.objectRef<LocationShape>("Location").implement({
  description: "Where a device hangs.",
  fields: (t) => ({
    country: t.exposeString("country", { description: "As the source writes it, like the rest." }),
    region: t.exposeString("region", { nullable: true, description: "A state or province, in the source's words." }),
    city: t.exposeString("city", { nullable: true, description: "In the source's words." }),
    postalCode: t.exposeString("postalCode", { nullable: true, description: "As its country writes it." }),
    timeZone: t.exposeString("timeZone", { nullable: true, description: "Such as America/New_York." }),
    latitude: t.exposeFloat("latitude", { nullable: true, description: "Degrees, north positive." }),
    longitude: t.exposeFloat("longitude", { nullable: true, description: "Degrees, east positive." }),
  }),
});
