/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
/** The whole desired state, which replaces the one before. What is absent or null is left to the device. */
export type DesiredStateInput = {
  /** Degrees Celsius, from 5 to 35. */
  readonly coolSetpointC?: number | null | undefined;
  /** Degrees Celsius, from 5 to 35 and not above `coolSetpointC`. */
  readonly heatSetpointC?: number | null | undefined;
  /** The desired operating mode. */
  readonly mode?: Mode | null | undefined;
};

/** The kind of a device's change. */
export type DeviceChangeKind =
  /** An event changed it. */
  | 'EVENT'
  /** Changes after `afterRevision` are no longer stored: this is the device as it is. Query the rest again. */
  | 'GAP'
  /** The dealer no longer has the device, or no device with this key that the token may see exists. Nothing more of it follows. */
  | 'LOST'
  /** The first item of a stream: the device as it is. */
  | 'SNAPSHOT';

/** The state of a device, computed from its events. */
export type DeviceStatus =
  /** By its last report. */
  | 'OFFLINE'
  /** By its last report. */
  | 'ONLINE'
  /** Registered, and has not reported yet. */
  | 'REGISTERED'
  /** Taken out of service. */
  | 'RETIRED'
  /** Events named it, but its registration has not arrived. */
  | 'UNREGISTERED';

/** The operating mode of a device. */
export type Mode =
  /** Heats or cools, whichever keeps it between the two setpoints. */
  | 'AUTO'
  /** Heat from the auxiliary source only. */
  | 'AUX_HEAT'
  /** Cools down to `coolSetpointC`. */
  | 'COOL'
  /** Heats up to `heatSetpointC`. */
  | 'HEAT'
  /** Neither heats nor cools. */
  | 'OFF';

/** The outcome of a mutation's event. */
export type MutationOutcome =
  /** The change was applied, and every reader can see it. */
  | 'APPLIED'
  /** A store is unavailable. The change is queued and will be applied; do not send it again. */
  | 'PENDING'
  /** A newer event arrived before it, and stays. */
  | 'SUPERSEDED'
  /** The state was already like that. */
  | 'UNCHANGED';

/** Why a mutation changed nothing. */
export type UserErrorCode =
  /** The alert is already cleared. */
  | 'ALREADY_CLEARED'
  /** The id or key is malformed, of another kind of object, missing, or there twice. */
  | 'INVALID_INPUT'
  /** It does not exist, or the token may not see it. */
  | 'NOT_FOUND'
  /** A value is out of range or of the wrong kind. */
  | 'OUT_OF_RANGE'
  /** A store is out of reach, and this is not kept for good. Send it again. */
  | 'UNAVAILABLE'
  /** The device's source does not take this command; see the device's `commands`. */
  | 'UNSUPPORTED'
  /** Another caller changed it first. The payload has the current state. */
  | 'VERSION_CONFLICT';

export type UrqlDevicesQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type UrqlDevicesQuery = { readonly __typename: 'Query', readonly devices: { readonly __typename: 'DeviceConnection', readonly edges: ReadonlyArray<{ readonly __typename: 'DeviceEdge', readonly node: { readonly __typename: 'Device', readonly id: string, readonly key: string, readonly status: DeviceStatus } }>, readonly pageInfo: { readonly __typename: 'PageInfo', readonly hasNextPage: boolean, readonly endCursor: string | null } } | null };

export type UrqlDeviceRowQueryVariables = Exact<{
  key: string;
}>;


export type UrqlDeviceRowQuery = { readonly __typename: 'Query', readonly device: { readonly __typename: 'Device', readonly id: string, readonly key: string, readonly status: DeviceStatus } | null };

export type UrqlDesiredQueryVariables = Exact<{
  key: string;
}>;


export type UrqlDesiredQuery = { readonly __typename: 'Query', readonly device: { readonly __typename: 'Device', readonly id: string, readonly twin: { readonly __typename: 'DeviceTwin', readonly version: string | null, readonly desired: { readonly __typename: 'TwinState', readonly mode: Mode | null, readonly heatSetpointC: number | null } | null } } | null };

export type UrqlSetDesiredMutationVariables = Exact<{
  key: string;
  desired: DesiredStateInput;
}>;


export type UrqlSetDesiredMutation = { readonly __typename: 'Mutation', readonly setDesiredState: { readonly __typename: 'SetDesiredStatePayload', readonly outcome: MutationOutcome | null, readonly userErrors: ReadonlyArray<{ readonly __typename: 'UserError', readonly code: UserErrorCode, readonly message: string }> } | null };

export type UrqlWatchDeviceSubscriptionVariables = Exact<{
  key: string;
  afterRevision?: number | null | undefined;
}>;


export type UrqlWatchDeviceSubscription = { readonly deviceChanged: { readonly __typename: 'DeviceChange', readonly kind: DeviceChangeKind, readonly revision: number, readonly device: { readonly __typename: 'Device', readonly id: string, readonly key: string, readonly status: DeviceStatus } | null } };


export const UrqlDevicesDocument = {"__meta__":{"hash":"sha256:b25e929b7baae5148db94b9bf4ff8d5906463bd7349ad0e7840b0b6639142293"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"UrqlDevices"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"devices"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"edges"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"node"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"key"}},{"kind":"Field","name":{"kind":"Name","value":"status"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}}]}}]} as unknown as DocumentNode<UrqlDevicesQuery, UrqlDevicesQueryVariables>;
export const UrqlDeviceRowDocument = {"__meta__":{"hash":"sha256:c77edab8ca423bfbcc93415273ad65c93aff84f5c58c1073afeaeeb5674546e7"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"UrqlDeviceRow"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"key"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"device"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"by"},"value":{"kind":"ObjectValue","fields":[{"kind":"ObjectField","name":{"kind":"Name","value":"key"},"value":{"kind":"Variable","name":{"kind":"Name","value":"key"}}}]}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"key"}},{"kind":"Field","name":{"kind":"Name","value":"status"}}]}}]}}]} as unknown as DocumentNode<UrqlDeviceRowQuery, UrqlDeviceRowQueryVariables>;
export const UrqlDesiredDocument = {"__meta__":{"hash":"sha256:386fc2344c71735e9abac7b6fc406affcf50c17acef90a560ebb098cf81dcc6d"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"UrqlDesired"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"key"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"device"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"by"},"value":{"kind":"ObjectValue","fields":[{"kind":"ObjectField","name":{"kind":"Name","value":"key"},"value":{"kind":"Variable","name":{"kind":"Name","value":"key"}}}]}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"twin"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"desired"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"mode"}},{"kind":"Field","name":{"kind":"Name","value":"heatSetpointC"}}]}}]}}]}}]}}]} as unknown as DocumentNode<UrqlDesiredQuery, UrqlDesiredQueryVariables>;
export const UrqlSetDesiredDocument = {"__meta__":{"hash":"sha256:f32f0d440ba8aecf40494801fc553fa96a4d901e4a820f5da24085fed2de2f40"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"UrqlSetDesired"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"key"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"desired"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"DesiredStateInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"setDesiredState"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"ObjectValue","fields":[{"kind":"ObjectField","name":{"kind":"Name","value":"by"},"value":{"kind":"ObjectValue","fields":[{"kind":"ObjectField","name":{"kind":"Name","value":"key"},"value":{"kind":"Variable","name":{"kind":"Name","value":"key"}}}]}},{"kind":"ObjectField","name":{"kind":"Name","value":"desired"},"value":{"kind":"Variable","name":{"kind":"Name","value":"desired"}}}]}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"outcome"}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}}]}}]} as unknown as DocumentNode<UrqlSetDesiredMutation, UrqlSetDesiredMutationVariables>;
export const UrqlWatchDeviceDocument = {"__meta__":{"hash":"sha256:0fc771accfd6714b695d1f5bf87ade95c8a9483f3b76543a4a53d943a129b42f"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"UrqlWatchDevice"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"key"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"afterRevision"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"deviceChanged"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"by"},"value":{"kind":"ObjectValue","fields":[{"kind":"ObjectField","name":{"kind":"Name","value":"key"},"value":{"kind":"Variable","name":{"kind":"Name","value":"key"}}}]}},{"kind":"Argument","name":{"kind":"Name","value":"afterRevision"},"value":{"kind":"Variable","name":{"kind":"Name","value":"afterRevision"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"revision"}},{"kind":"Field","name":{"kind":"Name","value":"device"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"key"}},{"kind":"Field","name":{"kind":"Name","value":"status"}}]}}]}}]}}]} as unknown as DocumentNode<UrqlWatchDeviceSubscription, UrqlWatchDeviceSubscriptionVariables>;