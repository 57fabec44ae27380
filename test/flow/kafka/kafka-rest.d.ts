/** What the tests use of npm's kafka-rest 0.0.5, which brings no types. */
declare module "kafka-rest" {
  type Callback<T> = (error: { status: number; message: string } | null, result: T) => void;
  type Produced = {
    offsets: { partition: number | null; offset: number | null; error_code: number | null; error: string | null }[];
  };
  type Message = string | { key?: string; value: string; partition?: number };
  type Partition = { produce(message: string | string[], callback: Callback<Produced>): void };
  type Topic = {
    name: string;
    raw: unknown;
    partition(id: number): Partition;
    partitions: { list(callback: Callback<{ id: number; raw: unknown }[]>): void };
    produce(message: Message | Message[], callback: Callback<Produced>): void;
  };
  export default class KafkaRest {
    constructor(options: { url: string });
    topic(name: string): Topic;
    topics: { list(callback: Callback<Topic[]>): void; get(name: string, callback: Callback<Topic>): void };
    brokers: { list(callback: Callback<{ id: number }[]>): void };
  }
}
