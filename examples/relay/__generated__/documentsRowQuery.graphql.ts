/**
 * @generated SignedSource<<458fafba9104f71895989b03a90c9507>>
 * @relayHash 949deb078bc5c96036cb27562e988e50
 * @lightSyntaxTransform
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

// @relayRequestID 6a3b8e8afbf627543fcc91d78837bcc1873b387b3aa8f1752476fb94a8f9fd0a

import type { ConcreteRequest } from 'relay-runtime';
export type DeviceStatus = "OFFLINE" | "ONLINE" | "REGISTERED" | "RETIRED" | "UNREGISTERED";
export type documentsRowQuery$variables = {
  key: string;
};
export type documentsRowQuery$data = {
  readonly device: {
    readonly key: string;
    readonly status: DeviceStatus;
  } | null | undefined;
};
export type documentsRowQuery = {
  response: documentsRowQuery$data;
  variables: documentsRowQuery$variables;
};

const node: ConcreteRequest = (function(){
var v0 = [
  {
    "defaultValue": null,
    "kind": "LocalArgument",
    "name": "key"
  }
],
v1 = [
  {
    "fields": [
      {
        "kind": "Variable",
        "name": "key",
        "variableName": "key"
      }
    ],
    "kind": "ObjectValue",
    "name": "by"
  }
],
v2 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "key",
  "storageKey": null
},
v3 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "status",
  "storageKey": null
};
return {
  "fragment": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Fragment",
    "metadata": null,
    "name": "documentsRowQuery",
    "selections": [
      {
        "alias": null,
        "args": (v1/*:: as any*/),
        "concreteType": "Device",
        "kind": "LinkedField",
        "name": "device",
        "plural": false,
        "selections": [
          (v2/*:: as any*/),
          (v3/*:: as any*/)
        ],
        "storageKey": null
      }
    ],
    "type": "Query",
    "abstractKey": null
  },
  "kind": "Request",
  "operation": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Operation",
    "name": "documentsRowQuery",
    "selections": [
      {
        "alias": null,
        "args": (v1/*:: as any*/),
        "concreteType": "Device",
        "kind": "LinkedField",
        "name": "device",
        "plural": false,
        "selections": [
          (v2/*:: as any*/),
          (v3/*:: as any*/),
          {
            "alias": null,
            "args": null,
            "kind": "ScalarField",
            "name": "id",
            "storageKey": null
          }
        ],
        "storageKey": null
      }
    ]
  },
  "params": {
    "id": "6a3b8e8afbf627543fcc91d78837bcc1873b387b3aa8f1752476fb94a8f9fd0a",
    "metadata": {},
    "name": "documentsRowQuery",
    "operationKind": "query",
    "text": null
  }
};
})();

(node as any).hash = "8a3c903acc8177af4d26debabf046419";

export default node;
