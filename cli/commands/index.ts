import type { CommandGroup } from "../command/command.ts";
import { ARCHIVE } from "./archive/index.ts";
import { BACKFILL } from "./backfill/index.ts";
import { DLQ } from "./dlq/index.ts";
import { KEYS } from "./keys/index.ts";

/** All commands. None is loaded before it is called. */
export const CONCORD: CommandGroup = {
  summary: "Operate a Concord platform from the outside",
  commands: {
    archive: ARCHIVE,
    backfill: BACKFILL,
    bridge: {
      summary: "Carry records from Kafka to a Concord platform",
      load: async () => (await import("./bridge.ts")).bridge,
    },
    completion: {
      summary: "Print a script that completes commands, options and values in a shell",
      load: async () => (await import("./completion.ts")).completion,
    },
    credential: {
      summary: "Create a credential for a client that publishes events",
      load: async () => (await import("./credential.ts")).credential,
    },
    device: {
      summary: "Show a device, as it is or as it was at a time",
      load: async () => (await import("./device.ts")).device,
    },
    dlq: DLQ,
    forget: {
      summary: "Forget a customer for ever, and show what was forgotten (admin)",
      details:
        "Calls the operations API of the platform at CONCORD_URL with the token in CONCORD_TOKEN, as\n" +
        "`concord dlq` does. It needs the archive, which keeps the certificates.",
      commands: {
        customer: {
          summary: "Take a customer out of everything that is stored, for ever",
          load: async () => (await import("./forget/customer.ts")).customer,
        },
        list: {
          summary: "List the requests to forget, the newest first",
          load: async () => (await import("./forget/list.ts")).list,
        },
        certificate: {
          summary: "Print what was removed for a request, where and when",
          load: async () => (await import("./forget/certificate.ts")).certificate,
        },
      },
    },
    guide: {
      summary: "Print a guide or an example file that comes with the command line",
      load: async () => (await import("./guide.ts")).guide,
    },
    keys: KEYS,
    parity: {
      summary: "Compare what an old GraphQL system and Concord answer, field by field",
      load: async () => (await import("./parity.ts")).parity,
    },
    rebuild: {
      summary: "Rebuild the state from the archive, compare it with the live one, and repair that (admin)",
      load: async () => (await import("./rebuild.ts")).rebuild,
    },
    revoke: {
      summary: "Revoke a token, or all tokens of a holder, before its end",
      load: async () => (await import("./revoke.ts")).revoke,
    },
    revocations: {
      summary: "List what is revoked, or take a revocation back",
      load: async () => (await import("./revocations.ts")).revocations,
    },
    token: {
      summary: "Print a token for the GraphQL API or the operations API",
      load: async () => (await import("./token.ts")).token,
    },
    verify: {
      summary: "Compare what is stored with the fold of the archive",
      load: async () => (await import("./verify.ts")).verify,
    },
  },
};
