/* eslint-disable */
import * as types from './graphql';
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';

/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "# Every selection of an entity has its `id`: that is what the cache knows it by.\nquery UrqlDevices($first: Int, $after: String) {\n  devices(first: $first, after: $after) {\n    edges {\n      node {\n        id\n        key\n        status\n      }\n    }\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n  }\n}\n\nquery UrqlDeviceRow($key: String!) {\n  device(by: { key: $key }) {\n    id\n    key\n    status\n  }\n}\n\nquery UrqlDesired($key: String!) {\n  device(by: { key: $key }) {\n    id\n    twin {\n      version\n      desired {\n        mode\n        heatSetpointC\n      }\n    }\n  }\n}\n\nmutation UrqlSetDesired($key: String!, $desired: DesiredStateInput!) {\n  setDesiredState(input: { by: { key: $key }, desired: $desired }) {\n    outcome\n    userErrors {\n      code\n      message\n    }\n  }\n}\n\nsubscription UrqlWatchDevice($key: String!, $afterRevision: Int) {\n  deviceChanged(by: { key: $key }, afterRevision: $afterRevision) {\n    kind\n    revision\n    device {\n      id\n      key\n      status\n    }\n  }\n}\n": typeof types.UrqlDevicesDocument,
};
const documents: Documents = {
    "# Every selection of an entity has its `id`: that is what the cache knows it by.\nquery UrqlDevices($first: Int, $after: String) {\n  devices(first: $first, after: $after) {\n    edges {\n      node {\n        id\n        key\n        status\n      }\n    }\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n  }\n}\n\nquery UrqlDeviceRow($key: String!) {\n  device(by: { key: $key }) {\n    id\n    key\n    status\n  }\n}\n\nquery UrqlDesired($key: String!) {\n  device(by: { key: $key }) {\n    id\n    twin {\n      version\n      desired {\n        mode\n        heatSetpointC\n      }\n    }\n  }\n}\n\nmutation UrqlSetDesired($key: String!, $desired: DesiredStateInput!) {\n  setDesiredState(input: { by: { key: $key }, desired: $desired }) {\n    outcome\n    userErrors {\n      code\n      message\n    }\n  }\n}\n\nsubscription UrqlWatchDevice($key: String!, $afterRevision: Int) {\n  deviceChanged(by: { key: $key }, afterRevision: $afterRevision) {\n    kind\n    revision\n    device {\n      id\n      key\n      status\n    }\n  }\n}\n": types.UrqlDevicesDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 *
 *
 * @example
 * ```ts
 * const query = graphql(`query GetUser($id: ID!) { user(id: $id) { name } }`);
 * ```
 *
 * The query argument is unknown!
 * Please regenerate the types.
 */
export function graphql(source: string): unknown;

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "# Every selection of an entity has its `id`: that is what the cache knows it by.\nquery UrqlDevices($first: Int, $after: String) {\n  devices(first: $first, after: $after) {\n    edges {\n      node {\n        id\n        key\n        status\n      }\n    }\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n  }\n}\n\nquery UrqlDeviceRow($key: String!) {\n  device(by: { key: $key }) {\n    id\n    key\n    status\n  }\n}\n\nquery UrqlDesired($key: String!) {\n  device(by: { key: $key }) {\n    id\n    twin {\n      version\n      desired {\n        mode\n        heatSetpointC\n      }\n    }\n  }\n}\n\nmutation UrqlSetDesired($key: String!, $desired: DesiredStateInput!) {\n  setDesiredState(input: { by: { key: $key }, desired: $desired }) {\n    outcome\n    userErrors {\n      code\n      message\n    }\n  }\n}\n\nsubscription UrqlWatchDevice($key: String!, $afterRevision: Int) {\n  deviceChanged(by: { key: $key }, afterRevision: $afterRevision) {\n    kind\n    revision\n    device {\n      id\n      key\n      status\n    }\n  }\n}\n"): (typeof documents)["# Every selection of an entity has its `id`: that is what the cache knows it by.\nquery UrqlDevices($first: Int, $after: String) {\n  devices(first: $first, after: $after) {\n    edges {\n      node {\n        id\n        key\n        status\n      }\n    }\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n  }\n}\n\nquery UrqlDeviceRow($key: String!) {\n  device(by: { key: $key }) {\n    id\n    key\n    status\n  }\n}\n\nquery UrqlDesired($key: String!) {\n  device(by: { key: $key }) {\n    id\n    twin {\n      version\n      desired {\n        mode\n        heatSetpointC\n      }\n    }\n  }\n}\n\nmutation UrqlSetDesired($key: String!, $desired: DesiredStateInput!) {\n  setDesiredState(input: { by: { key: $key }, desired: $desired }) {\n    outcome\n    userErrors {\n      code\n      message\n    }\n  }\n}\n\nsubscription UrqlWatchDevice($key: String!, $afterRevision: Int) {\n  deviceChanged(by: { key: $key }, afterRevision: $afterRevision) {\n    kind\n    revision\n    device {\n      id\n      key\n      status\n    }\n  }\n}\n"];

export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}

export type DocumentType<TDocumentNode extends DocumentNode<any, any>> = TDocumentNode extends DocumentNode<  infer TType,  any>  ? TType  : never;