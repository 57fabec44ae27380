import type { Location as LocationShape } from "#domain/change.ts";
import { builder } from "./builder.ts";

export const Location = builder.objectRef<LocationShape>("Location").implement({
  description: "Where a device is installed.",
  fields: (t) => ({
    country: t.exposeString("country", { description: "As the source writes it." }),
    region: t.exposeString("region", { nullable: true, description: "A state or province, as the source writes it." }),
    city: t.exposeString("city", { nullable: true, description: "As the source writes it." }),
    postalCode: t.exposeString("postalCode", { nullable: true, description: "In the country's format." }),
    timeZone: t.exposeString("timeZone", {
      nullable: true,
      description: "An IANA time zone, such as America/New_York.",
    }),
    latitude: t.exposeFloat("latitude", { nullable: true, description: "Degrees, north positive." }),
    longitude: t.exposeFloat("longitude", { nullable: true, description: "Degrees, east positive." }),
  }),
});
