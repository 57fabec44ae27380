import { expect } from "vitest";
import { hasBrowser } from "../../console/browser.ts";
import { type Ask, asking, registering } from "../asking.ts";
import { type OpenPage, openPage } from "../browser/open-page.ts";
import { type ClientUnderTest, lacks } from "../client.ts";
import { follows } from "../following.ts";
import { onOneSocket } from "../sockets.ts";
import { DEALER, DEALERS, type Stand } from "../stand.ts";
import { ticketFor } from "../tickets.ts";

let opened: Promise<OpenPage> | undefined;
const pageOf = ({ pageOrigin }: Stand): Promise<OpenPage> => (opened ??= openPage(pageOrigin));

const ask: Ask = async (stand, name, variables, token) =>
  (await pageOf(stand)).call("ask", { url: stand.graphqlUrl, token }, name, variables);

export default {
  name: "Apollo Client in a browser, on another origin",
  packages: ["@apollo/client", "graphql-ws"],
  unavailable: hasBrowser ? undefined : "no Chromium was found: apt-get install -y chromium, or CONCORD_CHROMIUM",
  cells: {
    ...asking(ask),
    trusted: async (stand) => {
      const key = stand.keysOf(DEALERS[1])[0] ?? "";
      const options = { url: stand.graphqlUrl, token: await stand.token(DEALER) };
      const { data } = await (await pageOf(stand)).call("askTrusted", options, key);
      expect(data?.device?.key).toBe(key);
    },
    ...registering(async (stand, look, token) => {
      const { page, call } = await openPage(stand.pageOrigin);
      page.on("request", (request) => look(request.postData() ?? ""));
      const answer = await call("askPersisted", { url: stand.graphqlUrl, token }, "MatrixDeviceQuery", {
        key: stand.device().key,
      });
      await page.context().close();
      return answer;
    }),
    ...lacks("its tools read schema.graphql", "schema"),
    ...onOneSocket(async (stand, options) => (await pageOf(stand)).openSocket(options)),
    eventStream: {
      works: "with the browser's own EventSource, by a ticket",
      show: async (stand) => {
        const token = await stand.token();
        const { openEventSource } = await pageOf(stand);
        await follows(stand, (name, variables, sink) => {
          const closing = ticketFor(stand.graphqlUrl, token, [name, variables]).then((url) =>
            openEventSource(url, sink),
          );
          closing.catch(sink.failed);
          return () => void closing.then((close) => close());
        });
      },
    },

    credentials: async (stand) => {
      const { key } = stand.device();
      const token = await stand.token();
      const asked = (page: OpenPage) =>
        page.call("ask", { url: stand.graphqlUrl, token, credentials: "include" }, "MatrixDeviceQuery", { key });
      expect((await asked(await pageOf(stand))).data?.device?.key).toBe(key);
      // From any other origin a browser hides the answer.
      const elsewhere = await openPage(stand.pageOrigin.replace("127.0.0.1", "localhost"));
      await expect(asked(elsewhere)).rejects.toThrow(/Failed to fetch/);
      await elsewhere.page.context().close();
    },
    ...lacks("it has none", "otherProtocol"),
  },
} satisfies ClientUnderTest as ClientUnderTest;
