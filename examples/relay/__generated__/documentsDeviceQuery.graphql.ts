/**
 * @generated SignedSource<<2aacd3339f2e8f68c6237c65f7c739a7>>
 * @relayHash c088f7d02ad55bd1c5f3d4f0127b3c7d
 * @lightSyntaxTransform
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

// @relayRequestID 9cd2f54db8a9f82860cd0fcb415b5f55b8fb1459ac38ba7f3959aee15bae99ab

import type { ConcreteRequest } from 'relay-runtime';
export type DeviceStatus = "OFFLINE" | "ONLINE" | "REGISTERED" | "RETIRED" | "UNREGISTERED";
export type Mode = "AUTO" | "AUX_HEAT" | "COOL" | "HEAT" | "OFF";
export type documentsDeviceQuery$variables = {
  key: string;
};
export type documentsDeviceQuery$data = {
  readonly device: {
    readonly key: string;
    readonly status: DeviceStatus;
    readonly twin: {
      readonly desired: {
        readonly heatSetpointC: number | null | undefined;
        readonly mode: Mode | null | undefined;
      } | null | undefined;
      readonly version: string | null | undefined;
    };
  } | null | undefined;
};
export type documentsDeviceQuery = {
  response: documentsDeviceQuery$data;
  variables: documentsDeviceQuery$variables;
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
},
v4 = {
  "alias": null,
  "args": null,
  "concreteType": "DeviceTwin",
  "kind": "LinkedField",
  "name": "twin",
  "plural": false,
  "selections": [
    {
      "alias": null,
      "args": null,
      "kind": "ScalarField",
      "name": "version",
      "storageKey": null
    },
    {
      "alias": null,
      "args": null,
      "concreteType": "TwinState",
      "kind": "LinkedField",
      "name": "desired",
      "plural": false,
      "selections": [
        {
          "alias": null,
          "args": null,
          "kind": "ScalarField",
          "name": "mode",
          "storageKey": null
        },
        {
          "alias": null,
          "args": null,
          "kind": "ScalarField",
          "name": "heatSetpointC",
          "storageKey": null
        }
      ],
      "storageKey": null
    }
  ],
  "storageKey": null
};
return {
  "fragment": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Fragment",
    "metadata": null,
    "name": "documentsDeviceQuery",
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
          (v4/*:: as any*/)
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
    "name": "documentsDeviceQuery",
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
          (v4/*:: as any*/),
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
    "id": "9cd2f54db8a9f82860cd0fcb415b5f55b8fb1459ac38ba7f3959aee15bae99ab",
    "metadata": {},
    "name": "documentsDeviceQuery",
    "operationKind": "query",
    "text": null
  }
};
})();

(node as any).hash = "073373ee9adddf8e26a3c51f68f168ef";

export default node;
