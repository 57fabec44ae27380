/**
 * @generated SignedSource<<9c4025a34a190e963bdf3e7690ceded0>>
 * @relayHash a70a585caf78eb8bf8a9cb941ae0ec3b
 * @lightSyntaxTransform
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

// @relayRequestID 16c1c677d5ccd4849947d5a970542fa625e1fe41808a31436bfce5d29b555ae3

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
    "kind": "Variable",
    "name": "key",
    "variableName": "key"
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
    "id": "16c1c677d5ccd4849947d5a970542fa625e1fe41808a31436bfce5d29b555ae3",
    "metadata": {},
    "name": "documentsRowQuery",
    "operationKind": "query",
    "text": null
  }
};
})();

(node as any).hash = "84db8f1ae5869dd78e8e223b250e4aae";

export default node;
