/**
 * @generated SignedSource<<01d1329cb63451ea8ed4a6b430392801>>
 * @relayHash 4c0ab83fd7a2603ba82f85e0bc21318e
 * @lightSyntaxTransform
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

// @relayRequestID 85160429278f5d9d3b14119c225e23d091a59e4e89666b3c9ee2a1e5c42bf651

import type { ConcreteRequest } from 'relay-runtime';
export type DeviceChangeKind = "EVENT" | "GAP" | "LOST" | "SNAPSHOT";
export type DeviceStatus = "OFFLINE" | "ONLINE" | "REGISTERED" | "RETIRED" | "UNREGISTERED";
export type documentsWatchDeviceSubscription$variables = {
  afterRevision?: number | null | undefined;
  key: string;
};
export type documentsWatchDeviceSubscription$data = {
  readonly deviceChanged: {
    readonly device: {
      readonly key: string;
      readonly status: DeviceStatus;
    } | null | undefined;
    readonly kind: DeviceChangeKind;
    readonly revision: number;
  };
};
export type documentsWatchDeviceSubscription = {
  response: documentsWatchDeviceSubscription$data;
  variables: documentsWatchDeviceSubscription$variables;
};

const node: ConcreteRequest = (function(){
var v0 = {
  "defaultValue": null,
  "kind": "LocalArgument",
  "name": "afterRevision"
},
v1 = {
  "defaultValue": null,
  "kind": "LocalArgument",
  "name": "key"
},
v2 = [
  {
    "kind": "Variable",
    "name": "afterRevision",
    "variableName": "afterRevision"
  },
  {
    "kind": "Variable",
    "name": "key",
    "variableName": "key"
  }
],
v3 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "kind",
  "storageKey": null
},
v4 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "revision",
  "storageKey": null
},
v5 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "key",
  "storageKey": null
},
v6 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "status",
  "storageKey": null
};
return {
  "fragment": {
    "argumentDefinitions": [
      (v0/*:: as any*/),
      (v1/*:: as any*/)
    ],
    "kind": "Fragment",
    "metadata": null,
    "name": "documentsWatchDeviceSubscription",
    "selections": [
      {
        "alias": null,
        "args": (v2/*:: as any*/),
        "concreteType": "DeviceChange",
        "kind": "LinkedField",
        "name": "deviceChanged",
        "plural": false,
        "selections": [
          (v3/*:: as any*/),
          (v4/*:: as any*/),
          {
            "alias": null,
            "args": null,
            "concreteType": "Device",
            "kind": "LinkedField",
            "name": "device",
            "plural": false,
            "selections": [
              (v5/*:: as any*/),
              (v6/*:: as any*/)
            ],
            "storageKey": null
          }
        ],
        "storageKey": null
      }
    ],
    "type": "Subscription",
    "abstractKey": null
  },
  "kind": "Request",
  "operation": {
    "argumentDefinitions": [
      (v1/*:: as any*/),
      (v0/*:: as any*/)
    ],
    "kind": "Operation",
    "name": "documentsWatchDeviceSubscription",
    "selections": [
      {
        "alias": null,
        "args": (v2/*:: as any*/),
        "concreteType": "DeviceChange",
        "kind": "LinkedField",
        "name": "deviceChanged",
        "plural": false,
        "selections": [
          (v3/*:: as any*/),
          (v4/*:: as any*/),
          {
            "alias": null,
            "args": null,
            "concreteType": "Device",
            "kind": "LinkedField",
            "name": "device",
            "plural": false,
            "selections": [
              (v5/*:: as any*/),
              (v6/*:: as any*/),
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
        ],
        "storageKey": null
      }
    ]
  },
  "params": {
    "id": "85160429278f5d9d3b14119c225e23d091a59e4e89666b3c9ee2a1e5c42bf651",
    "metadata": {},
    "name": "documentsWatchDeviceSubscription",
    "operationKind": "subscription",
    "text": null
  }
};
})();

(node as any).hash = "fc2f0986a4fd4f7878c02c7b3d554f40";

export default node;
