import type { CommandGroup } from "../../command/command.ts";

export const FORGET = {
  summary: "Forget a customer for ever, and show what was forgotten (admin)",
  details:
    "Calls the operations API of the platform at CONCORD_URL with the token in CONCORD_TOKEN, as\n" +
    "`concord dlq` does. It needs the archive, which keeps the certificates.",
  commands: {
    customer: {
      summary: "Take a customer out of everything that is stored, for ever",
      load: async () => (await import("./customer.ts")).customer,
    },
    list: {
      summary: "List the requests to forget, the newest first",
      load: async () => (await import("./list.ts")).list,
    },
    certificate: {
      summary: "Print what was removed for a request, where and when",
      load: async () => (await import("./certificate.ts")).certificate,
    },
  },
} as const satisfies CommandGroup;
