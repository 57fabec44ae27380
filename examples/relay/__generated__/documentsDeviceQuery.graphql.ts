/**
 * @generated SignedSource<<abf019565e722500f5c35dfa813661a8>>
 * @relayHash 5edec8f437a95539a92c0c5ad6394023
 * @lightSyntaxTransform
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

// @relayRequestID 4ce496bfa88997fb00768951fa1c6cc5be8355277e9416deb0a73e62eb697043

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
    "id": "4ce496bfa88997fb00768951fa1c6cc5be8355277e9416deb0a73e62eb697043",
    "metadata": {},
    "name": "documentsDeviceQuery",
    "operationKind": "query",
    "text": null
  }
};
})();

(node as any).hash = "5ef2a26991fdeb42960e9b4f52fe57ab";

export default node;
