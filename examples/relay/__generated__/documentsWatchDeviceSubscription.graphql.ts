/**
 * @generated SignedSource<<b6230687716cf0446ea11e77e9143b89>>
 * @relayHash 76fc4e2db7eb5e5cfdc1cb3a45005ac7
 * @lightSyntaxTransform
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

// @relayRequestID 0d1c775529f1528264b06e92a57631ef72e1104427ca591461d2b3013f9e90e3

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
    "id": "0d1c775529f1528264b06e92a57631ef72e1104427ca591461d2b3013f9e90e3",
    "metadata": {},
    "name": "documentsWatchDeviceSubscription",
    "operationKind": "subscription",
    "text": null
  }
};
})();

(node as any).hash = "27e98b701bf2642a63742e1ef05e4eeb";

export default node;
