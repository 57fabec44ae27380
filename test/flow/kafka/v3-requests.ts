import { expect } from "vitest";
import { base64, eventText, type KafkaRequest, T } from "../../support/rest-proxy.ts";
import { number } from "./case.ts";

export const JSON_TYPE = "application/json";
export const recordsOf = (topic: string, cluster = "concord") => `/v3/clusters/${cluster}/topics/${topic}/records`;

export const stream = (text: string, to = recordsOf(T), type = JSON_TYPE): KafkaRequest => ({
  path: to,
  type,
  body: text,
});
export const entries = (texts: readonly string[], to = `${recordsOf(T)}:batch`): KafkaRequest =>
  stream(`{"entries":[${texts.join()}]}`, to);

/** A key or value as v3 embeds it. */
export const embedded = (type: string, data: string): string => `{"type":"${type}","data":${data}}`;
export const text = (of: string): string => embedded("STRING", JSON.stringify(of));
export const bytes = (of: string | Uint8Array): string => embedded("BINARY", `"${base64(of)}"`);
export const json = (of: string): string => embedded("JSON", of);

/** A record with a value that keeps its contract, and the members given. */
export const good = (members = "", value = json(eventText())): string =>
  `{${members && `${members},`}"value":${value}}`;

export const receipt = (members: object = {}) =>
  expect.objectContaining({
    error_code: 200,
    cluster_id: "concord",
    topic_name: T,
    partition_id: 0,
    offset: number,
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/),
    ...members,
  });
export const sized = (type: string, size: unknown = number) => ({ type, size });
export const failed = (error_code: number, message: unknown = expect.stringMatching(/\S/)) =>
  expect.objectContaining({ error_code, message });
export const badRequest = (rest = "") => failed(400, expect.stringMatching(new RegExp(`^(Bad Request: )?${rest}`)));
export const deadLettered = failed(422, expect.stringMatching(/^Error: 42206 : .*kept as a dead letter/));
export const tooLarge = failed(400, expect.stringMatching(/Produce request size is larger than allowed threshold/));
export const noPartition = failed(40402, expect.stringMatching(/^Partition not found\./));
