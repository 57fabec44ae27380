import { CONTRACTS } from "#contracts/index.ts";
import { PARTITIONS } from "#queue/limits.ts";
import { RequestError } from "../errors.ts";
import { PARTITION_NOT_FOUND } from "./v2.ts";
import { CLUSTER_ID } from "./v3.ts";

/**
 * Metadata that clients ask for before they produce: one broker in one cluster, with the topics that have contracts.
 * Records of other topics are accepted too, as dead letters, although those topics are not listed.
 */
const BROKER_ID = 1;

export const topicNames = (): string[] => CONTRACTS.map(({ topic }) => topic);

export const brokers = () => ({ brokers: [BROKER_ID] });

export const topic = (name: string) => ({ name: requireKnown(name), configs: {}, partitions: topicPartitions(name) });

export function topicPartitions(name: string) {
  requireKnown(name);
  return Array.from({ length: PARTITIONS }, (_, partition) => toPartition(partition));
}

export function findPartition(name: string, partition: string) {
  const found = topicPartitions(name).find((each) => String(each.partition) === partition);
  if (!found) throw new RequestError(PARTITION_NOT_FOUND.code, PARTITION_NOT_FOUND.message);
  return found;
}

const toPartition = (partition: number) => ({
  partition,
  leader: BROKER_ID,
  replicas: [{ broker: BROKER_ID, leader: true, in_sync: true }],
});

/** @throws RequestError 404/40401 */
function requireKnown(name: string): string {
  if (topicNames().includes(name)) return name;
  throw new RequestError(40401, "Topic not found.");
}

/** @throws RequestError 404 */
export function requireCluster(clusterId: string): void {
  if (clusterId !== CLUSTER_ID) throw new RequestError(404, `Cluster ${clusterId} cannot be found.`);
}

/** v3 resources contain their own URL. @param base such as `https://concord.example/v3` */
export const clusterList = (base: string) => list(`${base}/clusters`, "KafkaClusterList", [cluster(base)]);

export function cluster(base: string) {
  const self = `${base}/clusters/${CLUSTER_ID}`;
  return {
    kind: "KafkaCluster",
    metadata: { self, resource_name: `crn:///kafka=${CLUSTER_ID}` },
    cluster_id: CLUSTER_ID,
    controller: { related: `${self}/brokers/${BROKER_ID}` },
    brokers: { related: `${self}/brokers` },
    topics: { related: `${self}/topics` },
  };
}

export const topicList = (base: string) =>
  list(
    `${base}/clusters/${CLUSTER_ID}/topics`,
    "KafkaTopicList",
    topicNames().map((name) => v3Topic(base, name)),
  );

export function v3Topic(base: string, name: string) {
  const self = `${base}/clusters/${CLUSTER_ID}/topics/${requireKnown(name)}`;
  return {
    kind: "KafkaTopic",
    metadata: { self, resource_name: `crn:///kafka=${CLUSTER_ID}/topic=${name}` },
    cluster_id: CLUSTER_ID,
    topic_name: name,
    is_internal: false,
    replication_factor: 1,
    partitions_count: PARTITIONS,
    partitions: { related: `${self}/partitions` },
    configs: { related: `${self}/configs` },
    partition_reassignments: { related: `${self}/partitions/-/reassignment` },
  };
}

const list = (self: string, kind: string, data: readonly unknown[]) => ({ kind, metadata: { self, next: null }, data });
