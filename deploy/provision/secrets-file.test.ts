import { expect, it } from "vitest";
import { readSecretItems } from "../account/secret-items.ts";
import { readWorkers } from "../workers.ts";
import { checklist, parseSecrets, readSecretsFile } from "./secrets-file.ts";

const CANARY = "canary-71c0";

it("secrets are read by name; what is no text is taken as JSON", () => {
  expect(parseSecrets('{"INGEST_CREDENTIALS":[{"id":"a"}],"TOKEN_SECRET":"x"}', "f")).toEqual({
    INGEST_CREDENTIALS: '[{"id":"a"}]',
    TOKEN_SECRET: "x",
  });
});

it.each([
  ["text that is not JSON", CANARY, "f is not JSON"],
  ["a list", `["${CANARY}"]`, "no JSON object"],
  ["a name that no Worker has", `{"TOKEN_SECRETS":"${CANARY}"}`, "f has TOKEN_SECRETS, which no Worker has"],
  ["an empty value", `{"TOKEN_SECRET":"","OPS_ACCESS":"${CANARY}"}`, "TOKEN_SECRET is empty"],
  ["null", `{"TOKEN_SECRET":null,"OPS_ACCESS":"${CANARY}"}`, "TOKEN_SECRET is empty"],
])("%s is refused, and the message has no value", (_, text, message) => {
  expect(() => parseSecrets(text, "f")).toThrow(message);
  expect(() => parseSecrets(text, "f")).not.toThrow(CANARY);
});

it("a file that is not there is refused by its name", () => {
  expect(() => readSecretsFile("/nowhere/secrets.json")).toThrow(/^\/nowhere\/secrets.json cannot be read \(ENOENT\)/);
});

it("the checklist names each secret, and of one that is required and missing what it is and how to make one", async () => {
  const workers = readWorkers("staging");
  const listSecrets = async ({ folder }: { folder: string }) => (folder === "workers/dlq" ? ["OPS_ACCESS"] : undefined);
  const lines = checklist(await readSecretItems({ listSecrets }, workers)).join("\n");
  expect(lines).toMatch(/workers\/dlq +OPS_ACCESS +set/);
  expect(lines).toMatch(/workers\/ingest +INGEST_CREDENTIALS +MISSING\n.*Who may publish.*\n +npx concord credential/);
  expect(lines).toMatch(/workers\/ingest +INGEST_TOKENS +not set \(optional\)/);
});
