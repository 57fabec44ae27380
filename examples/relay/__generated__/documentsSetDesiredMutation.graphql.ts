/**
 * @generated SignedSource<<403df21ec4d72326b2c4b11134d0c2ec>>
 * @relayHash dd95138d2b810650e9c82d2aea772084
 * @lightSyntaxTransform
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

// @relayRequestID 8bca6efee0455e01b42eff3180f897f5f750832c6ef955f4a7f4fd92ea8a8d30

import type { ConcreteRequest } from 'relay-runtime';
export type Mode = "AUTO" | "AUX_HEAT" | "COOL" | "HEAT" | "OFF";
export type MutationOutcome = "APPLIED" | "PENDING" | "SUPERSEDED" | "UNCHANGED";
export type UserErrorCode = "ALREADY_CLEARED" | "INVALID_INPUT" | "NOT_FOUND" | "OUT_OF_RANGE" | "UNAVAILABLE" | "UNSUPPORTED" | "VERSION_CONFLICT";
export type DesiredStateInput = {
  coolSetpointC?: number | null | undefined;
  heatSetpointC?: number | null | undefined;
  mode?: Mode | null | undefined;
};
export type documentsSetDesiredMutation$variables = {
  desired: DesiredStateInput;
  key: string;
};
export type documentsSetDesiredMutation$data = {
  readonly setDesiredState: {
    readonly device: {
      readonly twin: {
        readonly desired: {
          readonly heatSetpointC: number | null | undefined;
          readonly mode: Mode | null | undefined;
        } | null | undefined;
        readonly version: string | null | undefined;
      };
    } | null | undefined;
    readonly outcome: MutationOutcome | null | undefined;
    readonly userErrors: ReadonlyArray<{
      readonly code: UserErrorCode;
      readonly message: string;
    }>;
  } | null | undefined;
};
export type documentsSetDesiredMutation = {
  response: documentsSetDesiredMutation$data;
  variables: documentsSetDesiredMutation$variables;
};

const node: ConcreteRequest = (function(){
var v0 = {
  "defaultValue": null,
  "kind": "LocalArgument",
  "name": "desired"
},
v1 = {
  "defaultValue": null,
  "kind": "LocalArgument",
  "name": "key"
},
v2 = [
  {
    "fields": [
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
      },
      {
        "kind": "Variable",
        "name": "desired",
        "variableName": "desired"
      }
    ],
    "kind": "ObjectValue",
    "name": "input"
  }
],
v3 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "outcome",
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
},
v5 = {
  "alias": null,
  "args": null,
  "concreteType": "UserError",
  "kind": "LinkedField",
  "name": "userErrors",
  "plural": true,
  "selections": [
    {
      "alias": null,
      "args": null,
      "kind": "ScalarField",
      "name": "code",
      "storageKey": null
    },
    {
      "alias": null,
      "args": null,
      "kind": "ScalarField",
      "name": "message",
      "storageKey": null
    }
  ],
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
    "name": "documentsSetDesiredMutation",
    "selections": [
      {
        "alias": null,
        "args": (v2/*:: as any*/),
        "concreteType": "SetDesiredStatePayload",
        "kind": "LinkedField",
        "name": "setDesiredState",
        "plural": false,
        "selections": [
          (v3/*:: as any*/),
          {
            "alias": null,
            "args": null,
            "concreteType": "Device",
            "kind": "LinkedField",
            "name": "device",
            "plural": false,
            "selections": [
              (v4/*:: as any*/)
            ],
            "storageKey": null
          },
          (v5/*:: as any*/)
        ],
        "storageKey": null
      }
    ],
    "type": "Mutation",
    "abstractKey": null
  },
  "kind": "Request",
  "operation": {
    "argumentDefinitions": [
      (v1/*:: as any*/),
      (v0/*:: as any*/)
    ],
    "kind": "Operation",
    "name": "documentsSetDesiredMutation",
    "selections": [
      {
        "alias": null,
        "args": (v2/*:: as any*/),
        "concreteType": "SetDesiredStatePayload",
        "kind": "LinkedField",
        "name": "setDesiredState",
        "plural": false,
        "selections": [
          (v3/*:: as any*/),
          {
            "alias": null,
            "args": null,
            "concreteType": "Device",
            "kind": "LinkedField",
            "name": "device",
            "plural": false,
            "selections": [
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
          },
          (v5/*:: as any*/)
        ],
        "storageKey": null
      }
    ]
  },
  "params": {
    "id": "8bca6efee0455e01b42eff3180f897f5f750832c6ef955f4a7f4fd92ea8a8d30",
    "metadata": {},
    "name": "documentsSetDesiredMutation",
    "operationKind": "mutation",
    "text": null
  }
};
})();

(node as any).hash = "f0a152eebca414ed8283b585c65dc3e4";

export default node;
