import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { StopError } from "../source.ts";
import { clientCredentials } from "./oauth.ts";

let close = () => {};
afterEach(() => close());

/** An endpoint that answers with these, one after the other, and keeps what it was asked. */
async function endpoint(...answers: (readonly [status: number, body: string])[]) {
  const asked: { authorization: string | undefined; body: string }[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    asked.push({ authorization: request.headers.authorization, body });
    const [status, text] = answers[Math.min(asked.length, answers.length) - 1] ?? [500, ""];
    response.writeHead(status).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  close = () => void server.close();
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token` };
}

const client = { clientId: "bridge:1", clientSecret: () => "s3cret", scope: "kafka" };

it("a token is kept until shortly before it expires", async () => {
  const { url, asked } = await endpoint(
    [200, '{"access_token":"one","expires_in":100}'],
    [200, '{"access_token":"two","expires_in":100}'],
  );
  let nowMs = 0;
  const token = clientCredentials({ url, ...client }, () => nowMs);
  expect([await token(), await token()]).toEqual(["one", "one"]);
  nowMs = 70_000;
  expect(await token()).toBe("two");
  expect(asked).toHaveLength(2);
  expect(asked[0]).toEqual({
    authorization: `Basic ${btoa("bridge%3A1:s3cret")}`,
    body: "grant_type=client_credentials&scope=kafka",
  });
});

it("a client that the endpoint refuses stops the bridge, without its secret in the message", async () => {
  const { url } = await endpoint([401, '{"error":"invalid_client"}']);
  const failed = await clientCredentials({ url, ...client })().catch((error: Error) => error);
  expect(failed).toBeInstanceOf(StopError);
  expect((failed as Error).message).toMatch(/refused the client bridge:1 \(401\).*sasl\.clientSecret/);
  expect((failed as Error).message).not.toContain("s3cret");
});

it.each([
  [503, "down"],
  [200, "<html>"],
  [200, "{}"],
])("an answer of %i %j is a failure that may pass", async (status, body) => {
  const { url } = await endpoint([status, body]);
  const failed = await clientCredentials({ url, ...client })().catch((error: Error) => error);
  expect(failed).toBeInstanceOf(Error);
  expect(failed).not.toBeInstanceOf(StopError);
});
