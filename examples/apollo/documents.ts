import { gql, type TypedDocumentNode } from "@apollo/client";

type Connection<Node> = {
  readonly edges: readonly { readonly node: Node }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
};
type Row = { readonly id: string; readonly key: string; readonly status: string };
type Desired = { readonly mode: string | null; readonly heatSetpointC: number | null };

export type Page = { readonly first?: number; readonly after?: string | null };

// Every selection of an entity has its `id`: that is what the cache knows it by.
export const DEVICES: TypedDocumentNode<{ readonly devices: Connection<Row> | null }, Page> = gql`
  query ApolloDevices($first: Int, $after: String) {
    devices(first: $first, after: $after) {
      edges {
        node {
          id
          key
          status
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`;

export const DEVICE_ROW: TypedDocumentNode<{ readonly device: Row | null }, { readonly key: string }> = gql`
  query ApolloDeviceRow($key: String!) {
    device(by: { key: $key }) {
      id
      key
      status
    }
  }
`;

export const DESIRED: TypedDocumentNode<
  { readonly device: { readonly id: string; readonly twin: { readonly desired: Desired | null } } | null },
  { readonly key: string }
> = gql`
  query ApolloDesired($key: String!) {
    device(by: { key: $key }) {
      id
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

export const SET_DESIRED: TypedDocumentNode<
  { readonly setDesiredState: { readonly outcome: string | null } | null },
  { readonly key: string; readonly desired: object }
> = gql`
  mutation ApolloSetDesired($key: String!, $desired: DesiredStateInput!) {
    setDesiredState(input: { by: { key: $key }, desired: $desired }) {
      outcome
      userErrors {
        code
        message
      }
    }
  }
`;

export const WATCH_DEVICE: TypedDocumentNode<
  { readonly deviceChanged: { readonly kind: string; readonly revision: number; readonly device: Row | null } },
  { readonly key: string; readonly afterRevision?: number }
> = gql`
  subscription ApolloWatchDevice($key: String!, $afterRevision: Int) {
    deviceChanged(by: { key: $key }, afterRevision: $afterRevision) {
      kind
      revision
      device {
        id
        key
        status
      }
    }
  }
`;
