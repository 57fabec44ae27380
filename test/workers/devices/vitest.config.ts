import { graphqlProject } from "../../support/graphql-project.ts";

export default graphqlProject("devices", {
  objects: { DEVICES: "DeviceObject", DEALER_FEEDS: "DealerFeed", METRICS: "FakeMetrics" },
});
