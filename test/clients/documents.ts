import { type DocumentNode, parse } from "graphql";

/** What the clients ask. Relay's compiler reads the same texts, and requires that their names begin with a file's. */
export const TEXTS = {
  MatrixDeviceQuery: `query MatrixDeviceQuery($key: String!) {
  device(by: { key: $key }) {
    id
    key
    twin {
      desired {
        heatSetpointC
      }
    }
  }
}`,
  MatrixPageQuery: `query MatrixPageQuery($dealerId: String!, $first: Int, $after: String, $last: Int, $before: String) {
  devices(filter: { dealerId: $dealerId }, first: $first, after: $after, last: $last, before: $before) {
    edges {
      node {
        id
        key
      }
    }
    pageInfo {
      startCursor
      endCursor
      hasNextPage
      hasPreviousPage
    }
  }
}`,
  MatrixSetDesiredMutation: `mutation MatrixSetDesiredMutation($key: String!, $heatSetpointC: Float!) {
  setDesiredState(input: { by: { key: $key }, desired: { mode: HEAT, heatSetpointC: $heatSetpointC } }) {
    outcome
    device {
      id
      twin {
        desired {
          heatSetpointC
        }
      }
    }
    userErrors {
      code
    }
  }
}`,
  MatrixDeviceSubscription: `subscription MatrixDeviceSubscription($key: String!) {
  deviceChanged(by: { key: $key }) {
    kind
    revision
    device {
      id
      key
      report {
        indoorTemperatureC
      }
    }
  }
}`,
  MatrixFeedSubscription: `subscription MatrixFeedSubscription($dealerId: String!) {
  dealerFeed(dealerId: $dealerId) {
    kind
    cursor
    deviceKey
    device {
      id
      report {
        indoorTemperatureC
      }
    }
  }
}`,
  MatrixDevicesSubscription: `subscription MatrixDevicesSubscription($keys: [String!]!) {
  devicesChanged(keys: $keys) {
    kind
    revision
    deviceKey
    device {
      id
      report {
        indoorTemperatureC
      }
    }
  }
}`,
  MatrixFeedsSubscription: `subscription MatrixFeedsSubscription($dealerIds: [String!]!) {
  dealersFeed(dealerIds: $dealerIds) {
    kind
    cursor
    dealerId
    deviceKey
    device {
      id
      report {
        indoorTemperatureC
      }
    }
  }
}`,
} as const;

export type DocumentName = keyof typeof TEXTS;

/** The same as syntax trees, one per text: clients keep what they know of a document by its tree. */
export const DOCUMENTS = Object.fromEntries(
  Object.entries(TEXTS).map(([name, text]) => [name, parse(text)]),
) as unknown as Readonly<Record<DocumentName, DocumentNode>>;
