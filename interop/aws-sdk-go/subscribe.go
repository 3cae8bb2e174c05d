package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// subscribeAll registers a consumer, lets it be pushed everything there is, and then records as they are put.
func subscribeAll(ctx context.Context, client *kinesis.Client, stream string) error {
	consumer, err := register(ctx, client, stream, "walker")
	if err != nil {
		return err
	}
	shards, err := listShards(ctx, client, stream)
	if err != nil {
		return err
	}
	var seen reading
	for _, shard := range shards {
		seen.startShard()
		if err := pushedFromStart(ctx, client, consumer, shard, &seen); err != nil {
			return fmt.Errorf("%s: %w", *shard.ShardId, err)
		}
	}
	if err := seen.check(recordsFirst + recordsLater); err != nil {
		return err
	}
	// A consumer of its own: the first one's place at the shard is taken for five seconds, closed or not.
	follower, err := register(ctx, client, stream, "follower")
	if err != nil {
		return err
	}
	if err := pushedLive(ctx, client, stream, follower, shards[len(shards)-1]); err != nil {
		return fmt.Errorf("live: %w", err)
	}
	_, err = client.DeregisterStreamConsumer(ctx, &kinesis.DeregisterStreamConsumerInput{ConsumerARN: &consumer})
	return err
}

func register(ctx context.Context, client *kinesis.Client, stream, name string) (string, error) {
	described, err := client.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamName: &stream})
	if err != nil {
		return "", err
	}
	arn := described.StreamDescriptionSummary.StreamARN
	output, err := client.RegisterStreamConsumer(ctx, &kinesis.RegisterStreamConsumerInput{
		StreamARN: arn, ConsumerName: &name,
	})
	if err != nil {
		return "", err
	}
	for {
		consumer, err := client.DescribeStreamConsumer(ctx, &kinesis.DescribeStreamConsumerInput{
			ConsumerARN: output.Consumer.ConsumerARN,
		})
		if err != nil {
			return "", err
		}
		if consumer.ConsumerDescription.ConsumerStatus == types.ConsumerStatusActive {
			return *output.Consumer.ConsumerARN, nil
		}
	}
}

func subscribe(ctx context.Context, client *kinesis.Client, consumer string, shard types.Shard,
	position types.StartingPosition) (*kinesis.SubscribeToShardEventStream, error) {
	output, err := client.SubscribeToShard(ctx, &kinesis.SubscribeToShardInput{
		ConsumerARN: &consumer, ShardId: shard.ShardId, StartingPosition: &position,
	})
	if err != nil {
		return nil, err
	}
	return output.GetStream(), nil
}

// pushedFromStart reads a shard from its oldest record to its end, or to its tip if it is open.
func pushedFromStart(ctx context.Context, client *kinesis.Client, consumer string, shard types.Shard, seen *reading) error {
	start := types.StartingPosition{Type: types.ShardIteratorTypeTrimHorizon}
	events, err := subscribe(ctx, client, consumer, shard, start)
	if err != nil {
		return err
	}
	defer events.Close()
	var children int
	for {
		event, err := nextEvent(ctx, events)
		if err != nil {
			return err
		}
		if event == nil {
			if isOpen(shard) || children == 0 {
				return fmt.Errorf("the events ended after %d children", children)
			}
			return nil
		}
		if err := seen.take(event.Records); err != nil {
			return err
		}
		children += len(event.ChildShards)
		if isOpen(shard) && *event.MillisBehindLatest == 0 {
			return nil
		}
	}
}

func pushedLive(ctx context.Context, client *kinesis.Client, stream, consumer string, shard types.Shard) error {
	events, err := subscribe(ctx, client, consumer, shard, types.StartingPosition{Type: types.ShardIteratorTypeLatest})
	if err != nil {
		return err
	}
	defer events.Close()
	for i := range 10 {
		text := fmt.Sprintf("live-%d", i)
		if _, err := client.PutRecord(ctx, &kinesis.PutRecordInput{
			StreamName: &stream, PartitionKey: aws.String("live"), Data: []byte(text),
			ExplicitHashKey: shard.HashKeyRange.StartingHashKey,
		}); err != nil {
			return err
		}
		for got := false; !got; {
			event, err := nextEvent(ctx, events)
			if err != nil {
				return err
			}
			if event == nil {
				return errors.New("the events ended")
			}
			for _, record := range event.Records {
				if string(record.Data) != text {
					return fmt.Errorf("%q was pushed instead of %q", record.Data, text)
				}
				got = true
			}
		}
	}
	return nil
}

// nextEvent returns nil at the end of the subscription.
func nextEvent(ctx context.Context, events *kinesis.SubscribeToShardEventStream) (*types.SubscribeToShardEvent, error) {
	ctx, cancel := context.WithTimeout(ctx, subscribePeriod)
	defer cancel()
	select {
	case event, ok := <-events.Events():
		if !ok {
			return nil, events.Err()
		}
		member, ok := event.(*types.SubscribeToShardEventStreamMemberSubscribeToShardEvent)
		if !ok {
			return nil, fmt.Errorf("an unknown kind of event: %T", event)
		}
		return &member.Value, nil
	case <-ctx.Done():
		return nil, errors.New("no event in time")
	}
}
