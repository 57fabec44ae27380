/**
 * What events look like: a contract for each topic, and the functions that check a record against it, or build one. Only `Producer` does I/O, which sends what was built.
 *
 * @module
 */

export { type Contract, defineContract } from "#contracts/define.ts";
export { CONTRACTS, findContract } from "#contracts/index.ts";
export { type Parsed, parseRecord, type RawRecord, type Rejection } from "#contracts/parse.ts";
export {
  type Built,
  type BuiltRecord,
  buildRecord,
  type EventData,
  type EventInput,
  InvalidEvent,
  safeBuildRecord,
  type Topic,
} from "#contracts/produce.ts";
export { isTopic, type TopicName } from "#contracts/topic.ts";
export { type EarlierVersion, upcastFrom, VERSION_HEADER, VERSION_MEMBER } from "#contracts/versions.ts";
export type { Issue } from "#domain/issue.ts";
export {
  type CloudEvent,
  REST_V2_CONTENT_TYPE,
  toCloudEvent,
  toKafkaMessage,
  toPlatformaticMessage,
  toRestV2Body,
  toRestV3Body,
} from "#produce/encode.ts";
export { Producer, type ProducerOptions, type Sent } from "#produce/producer.ts";
