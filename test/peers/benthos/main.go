// Benthos, the core of Redpanda Connect under the MIT licence, with what the configurations beside it use of Redpanda
// Connect. Its own `redpanda` input is under another licence; the one here has the same name, fields and metadata.
package main

import (
	"context"

	_ "github.com/redpanda-data/benthos/v4/public/components/io"
	_ "github.com/redpanda-data/benthos/v4/public/components/pure"
	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/twmb/franz-go/pkg/kgo"
)

func main() {
	spec := service.NewConfigSpec().Fields(
		service.NewStringListField("seed_brokers"),
		service.NewStringListField("topics"),
		service.NewStringField("consumer_group"),
	)
	err := service.RegisterBatchInput("redpanda", spec, newKafkaInput)
	if err != nil {
		panic(err)
	}
	service.RunCLI(context.Background())
}

type kafkaInput struct {
	options []kgo.Opt
	client  *kgo.Client
}

func newKafkaInput(conf *service.ParsedConfig, _ *service.Resources) (service.BatchInput, error) {
	brokers, err := conf.FieldStringList("seed_brokers")
	if err != nil {
		return nil, err
	}
	topics, err := conf.FieldStringList("topics")
	if err != nil {
		return nil, err
	}
	group, err := conf.FieldString("consumer_group")
	if err != nil {
		return nil, err
	}
	return service.AutoRetryNacksBatched(&kafkaInput{options: []kgo.Opt{
		kgo.SeedBrokers(brokers...),
		kgo.ConsumeTopics(topics...),
		kgo.ConsumerGroup(group),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.AutoCommitMarks(),
	}}), nil
}

func (k *kafkaInput) Connect(context.Context) error {
	client, err := kgo.NewClient(k.options...)
	k.client = client
	return err
}

// Offsets are committed once the output has acknowledged the messages that stood at them.
func (k *kafkaInput) ReadBatch(ctx context.Context) (service.MessageBatch, service.AckFunc, error) {
	fetches := k.client.PollFetches(ctx)
	if err := fetches.Err(); err != nil {
		return nil, nil, err
	}
	var batch service.MessageBatch
	records := fetches.Records()
	for _, record := range records {
		message := service.NewMessage(record.Value)
		message.MetaSetMut("kafka_topic", record.Topic)
		message.MetaSetMut("kafka_key", string(record.Key))
		message.MetaSetMut("kafka_partition", int(record.Partition))
		message.MetaSetMut("kafka_offset", int(record.Offset))
		message.MetaSetMut("kafka_timestamp_ms", record.Timestamp.UnixMilli())
		message.MetaSetMut("kafka_tombstone_message", record.Value == nil)
		batch = append(batch, message)
	}
	acknowledge := func(context.Context, error) error {
		k.client.MarkCommitRecords(records...)
		return nil
	}
	return batch, acknowledge, nil
}

func (k *kafkaInput) Close(context.Context) error {
	if k.client != nil {
		k.client.Close()
	}
	return nil
}
