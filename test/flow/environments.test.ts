import { describe, expect, it, vi } from "vitest";
import { signToken } from "#auth/token.ts";
import { createCredential } from "../../cli/commands/credential.ts";
import { environmentNames } from "../../deploy/environment.ts";
import { createLiveClient, LiveSubscription } from "../../local/live-client.ts";
import { startStack } from "../../local/stack.ts";
import { eventValue } from "../support/records.ts";

const TOPIC = "device.ecobee.status.reported";
const TOKEN_SECRET = "a secret that only this test knows, long enough";

const credentials = (id: string, secret: string) => JSON.stringify([createCredential({ id, secret, may: ["*"] })]);

/** Every name that one Worker's config says of another is resolved here, or the stack does not start. */
describe.each(environmentNames())("the wiring of %s", (env) => {
  it("carries an event from the front door to GraphQL with that environment's secrets", async () => {
    const stack = await startStack({
      env,
      secrets: { INGEST_CREDENTIALS: credentials("bridge", "s3cret"), TOKEN_SECRET },
    });
    try {
      const body = JSON.stringify({ records: [{ value: eventValue({ topic: TOPIC, deviceId: "wired" }) }] });
      const post = (credentials: string) =>
        fetch(new URL(`/topics/${TOPIC}`, stack.url), {
          method: "POST",
          headers: {
            "Content-Type": "application/vnd.kafka.json.v2+json",
            Authorization: `Basic ${btoa(credentials)}`,
          },
          body,
        });
      expect((await post("dev:dev")).status).toBe(401);
      expect((await post("bridge:s3cret")).status).toBe(200);
      const authorization = `Bearer ${await signToken({ role: "service" }, TOKEN_SECRET, "5m")}`;
      const graphql = async (query: string): Promise<unknown> => {
        const response = await fetch(new URL("/graphql", stack.url), {
          method: "POST",
          headers: { "Content-Type": "application/json", Authorization: authorization },
          body: JSON.stringify({ query }),
        });
        return ((await response.json()) as { data?: unknown }).data;
      };
      await vi.waitFor(
        async () => {
          const query = '{ device(key: "ecobee:wired") { status history(first: 1) { edges { node { topic } } } } }';
          expect(await graphql(query)).toEqual({
            device: { status: "ONLINE", history: { edges: [{ node: { topic: TOPIC } }] } },
          });
        },
        { timeout: 10_000, interval: 50 },
      );
      const wish = 'mutation { setDesiredState(input: { key: "ecobee:wired", desired: { mode: OFF } }) { outcome } }';
      expect(await graphql(wish)).toEqual({ setDesiredState: { outcome: "APPLIED" } });
      const { status, headers } = await fetch(new URL("/ops/healthz", stack.url));
      expect([status, headers.get("Strict-Transport-Security")]).toEqual([200, "max-age=63072000"]);
      const client = createLiveClient(stack.url, {
        target: { device: "ecobee:wired" },
        token: await signToken({ role: "service" }, TOKEN_SECRET, "5m"),
      });
      const listening = new LiveSubscription(client, 'subscription { deviceChanged(key: "ecobee:wired") { kind } }');
      await vi.waitFor(() => expect(listening.items).toEqual([{ kind: "SNAPSHOT" }]), { timeout: 10_000 });
      await client.dispose();
    } finally {
      await stack.stop();
    }
  });

  it("serves nothing with the local secrets", async () => {
    const { LOCAL_TOKEN_SECRET } = await import("#auth/token.ts");
    const stack = await startStack({
      env,
      secrets: { INGEST_CREDENTIALS: credentials("dev", "dev"), TOKEN_SECRET: LOCAL_TOKEN_SECRET },
    });
    try {
      for (const path of ["/topics", "/graphql", "/live", "/ops/api/dead-letters", "/ops/api/devices"]) {
        expect((await fetch(new URL(path, stack.url))).status, path).toBe(503);
      }
    } finally {
      await stack.stop();
    }
  });
});
