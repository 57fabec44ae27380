import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { buildClientSchema, getIntrospectionQuery } from "graphql";
import { expect } from "vitest";
import { codesOf, type Data } from "../answer.ts";
import { type Ask, asking, sendsTrustedText } from "../asking.ts";
import { type ClientUnderTest, lacks, PERSISTED_QUERIES, SOCKETS } from "../client.ts";
import { TEXTS } from "../documents.ts";
import { readEvents } from "../event-stream.ts";
import { follows } from "../following.ts";
import { DEALER, type Stand } from "../stand.ts";

const hasCurl = (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, "curl")));

const optionsOf = ({ graphqlUrl }: Stand, token: string, body: object) => [
  ...["--silent", "--show-error", "--no-buffer", graphqlUrl],
  ...["-H", `Authorization: Bearer ${token}`, "-H", "Content-Type: application/json", "-d", JSON.stringify(body)],
];

const send = async (stand: Stand, query: string, variables: object, token: string): Promise<Data> =>
  JSON.parse((await promisify(execFile)("curl", optionsOf(stand, token, { query, variables }))).stdout);

const ask: Ask = async (stand, name, variables, token) => {
  const { data, errors } = await send(stand, TEXTS[name], variables, token);
  return { data, codes: codesOf(errors) };
};

export default {
  name: "curl",
  packages: [],
  unavailable: hasCurl ? undefined : "there is no curl on this machine",
  cells: {
    ...asking(ask),
    trusted: sendsTrustedText(async (...request) => (await send(...request)).data),
    ...lacks("it has no persisted queries", ...PERSISTED_QUERIES),

    ...lacks("it opens no sockets", ...SOCKETS),
    schema: async (stand) => {
      const { data } = await send(stand, getIntrospectionQuery(), {}, await stand.token(DEALER));
      expect(buildClientSchema(data).getSubscriptionType()?.getFields()).toHaveProperty("deviceChanged");
    },

    eventStream: async (stand) => {
      const token = await stand.token();
      await follows(stand, (name, variables, { next, failed }) => {
        const accept = ["-H", "Accept: text/event-stream"];
        const child = execFile("curl", [...optionsOf(stand, token, { query: TEXTS[name], variables }), ...accept]);
        if (child.stdout) readEvents(child.stdout, next).catch(failed);
        return () => child.kill();
      });
    },
    ...lacks("only browsers have origins", "credentials"),
    ...lacks("it has none", "otherProtocol"),
    ...lacks("it is started anew by hand", "resume"),
  },
} satisfies ClientUnderTest as ClientUnderTest;
