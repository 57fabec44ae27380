import { graphqlProject } from "../../support/graphql-project.ts";

export default graphqlProject("devices", {
  objects: { DEVICES: "DeviceObject", DEALER_FEEDS: "DealerFeed", HUBS: "LiveHub", METRICS: "FakeMetrics" },
  serviceBindings: { OPERATIONS: () => new Response("no api Worker here", { status: 503 }) },
});
