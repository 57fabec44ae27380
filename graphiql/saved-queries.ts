export type SavedQuery = { readonly query: string; readonly variables?: Readonly<Record<string, unknown>> };

/** The device that README.md sends an event of. */
const FIRST_STEPS = "ecobee:t-1";

/**
 * The queries that GraphiQL opens with, one per tab.
 * @param deviceKey a device that the token sees. Without one the tabs name that of README.md's first steps.
 */
export const savedQueries = (deviceKey: string | null): readonly SavedQuery[] => [
  {
    query: `# The tabs name a device that your token sees.
# If there is none yet, push one: see README.md.
# To ask with another token, put this into Headers:
# { "Authorization": "Bearer …" }
query FirstDevices {
  devices(first: 10) {
    edges {
      node {
        key
        name
        status
        dealer { name }
        customer { name }
        report { indoorTemperatureC reportedAt }
        alerts(first: 5) { edges { node { severity state text raisedAt } } }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}
`,
  },
  {
    query: `query WholeDevice($key: String!) {
  device(by: { key: $key }) {
    id
    source
    deviceId
    name
    model
    serialNumber
    firmware
    features
    status
    registeredAt
    updatedAt
    location {
      country
      region
      city
      postalCode
      timeZone
      latitude
      longitude
    }
    dealer { dealerId name phone email website }
    customer { customerId name phone email }
    report {
      online
      mode
      indoorTemperatureC
      heatSetpointC
      coolSetpointC
      humidityPct
      equipment
      reportedAt
    }
    twin {
      version
      desired { ...State }
      desiredAt
      desiredBy
      reported { ...State }
      delta { ...State }
    }
    alerts(first: 10) {
      nodes {
        id
        alertId
        code
        severity
        state
        text
        raisedAt
        acknowledgedAt
        acknowledgedBy
        clearedAt
      }
    }
    assignments(first: 10) {
      nodes { from to dealer { dealerId name } }
    }
    history(first: 10) {
      nodes { eventId topic occurredAt data }
    }
  }
}

fragment State on TwinState {
  mode
  heatSetpointC
  coolSetpointC
}
`,
    variables: { key: deviceKey ?? FIRST_STEPS },
  },
  {
    query: `query OpenCriticalAlerts($filter: AlertFilter, $after: String) {
  alerts(first: 20, after: $after, filter: $filter) {
    edges {
      node {
        id
        code
        text
        raisedAt
        device {
          key
          name
          customer { name phone }
          dealer { name }
        }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}
`,
    variables: { filter: { state: "OPEN", severity: "CRITICAL" }, after: null },
  },
  {
    query: `query DealersWithStatistics($after: String) {
  dealers(first: 20, after: $after) {
    totalCount
    edges {
      node {
        dealerId
        name
        statistics {
          devices
          online
          offline
          retired
          openAlerts
          criticalAlerts
        }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
  freshness { settled p50Ms p99Ms }
}
`,
  },
  {
    query: `mutation SetDesiredState($input: SetDesiredStateInput!) {
  setDesiredState(input: $input) {
    outcome
    device {
      twin { version delta { mode heatSetpointC } }
    }
    userErrors { code message field }
  }
}
`,
    variables: { input: { by: { key: deviceKey ?? FIRST_STEPS }, desired: { mode: "HEAT", heatSetpointC: 21 } } },
  },
  {
    query: `# Leave this running and push an event of the device.
subscription WatchDevice($key: String!) {
  deviceChanged(by: { key: $key }) {
    kind
    revision
    event { topic occurredAt }
    device { status report { indoorTemperatureC } }
  }
}
`,
    variables: { key: deviceKey ?? FIRST_STEPS },
  },
];
