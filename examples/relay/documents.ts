import { graphql } from "relay-runtime";

export const devices = graphql`
  query documentsDevicesQuery($first: Int, $after: String) {
    devices(first: $first, after: $after) @connection(key: "documents_devices") {
      edges {
        node {
          id
          key
          status
        }
      }
    }
  }
`;

export const device = graphql`
  query documentsDeviceQuery($key: String!) {
    device(by: { key: $key }) {
      key
      status
      twin {
        version
        desired {
          mode
          heatSetpointC
        }
      }
    }
  }
`;

export const row = graphql`
  query documentsRowQuery($key: String!) {
    device(by: { key: $key }) {
      key
      status
    }
  }
`;

export const setDesired = graphql`
  mutation documentsSetDesiredMutation($key: String!, $desired: DesiredStateInput!) {
    setDesiredState(input: { by: { key: $key }, desired: $desired }) {
      outcome
      device {
        twin {
          version
          desired {
            mode
            heatSetpointC
          }
        }
      }
      userErrors {
        code
        message
      }
    }
  }
`;

export const watchDevice = graphql`
  subscription documentsWatchDeviceSubscription($key: String!, $afterRevision: Int) {
    deviceChanged(by: { key: $key }, afterRevision: $afterRevision) {
      kind
      revision
      device {
        key
        status
      }
    }
  }
`;
