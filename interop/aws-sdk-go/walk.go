package main

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

const (
	shardCount      = 4
	recordsFirst    = 10_000
	recordsLater    = 1_000
	recordsPerPut   = 500
	keyCount        = 100
	waitTimeMax     = 30 * time.Second
	subscribePeriod = 20 * time.Second
)

// walk creates a stream, fills it, reads it, splits and merges, lets it be pushed (where asked), and deletes it.
func walk(ctx context.Context, client *kinesis.Client, stream string, pushes bool) error {
	if err := create(ctx, client, stream); err != nil {
		return fmt.Errorf("create: %w", err)
	}
	if err := put(ctx, client, stream, 0, recordsFirst); err != nil {
		return fmt.Errorf("put: %w", err)
	}
	if err := readAll(ctx, client, stream, recordsFirst); err != nil {
		return fmt.Errorf("read: %w", err)
	}
	if err := reshard(ctx, client, stream); err != nil {
		return fmt.Errorf("reshard: %w", err)
	}
	if err := put(ctx, client, stream, recordsFirst, recordsLater); err != nil {
		return fmt.Errorf("put after the reshard: %w", err)
	}
	if err := readAll(ctx, client, stream, recordsFirst+recordsLater); err != nil {
		return fmt.Errorf("read after the reshard: %w", err)
	}
	if pushes {
		if err := subscribeAll(ctx, client, stream); err != nil {
			return fmt.Errorf("subscribe: %w", err)
		}
	}
	return remove(ctx, client, stream)
}

func create(ctx context.Context, client *kinesis.Client, stream string) error {
	input := kinesis.CreateStreamInput{StreamName: &stream, ShardCount: aws.Int32(shardCount)}
	if _, err := client.CreateStream(ctx, &input); err != nil {
		return err
	}
	_, err := client.CreateStream(ctx, &input)
	var inUse *types.ResourceInUseException
	if !errors.As(err, &inUse) {
		return fmt.Errorf("a second CreateStream was answered with %v", err)
	}
	return waitUntilActive(ctx, client, stream)
}

func waitUntilActive(ctx context.Context, client *kinesis.Client, stream string) error {
	return kinesis.NewStreamExistsWaiter(client, func(options *kinesis.StreamExistsWaiterOptions) {
		options.MinDelay, options.MaxDelay = 50*time.Millisecond, time.Second
	}).Wait(ctx, &kinesis.DescribeStreamInput{StreamName: &stream}, waitTimeMax)
}

func keyOf(number int) string { return fmt.Sprintf("key-%d", number%keyCount) }

func put(ctx context.Context, client *kinesis.Client, stream string, from, count int) error {
	for first := from; first < from+count; first += recordsPerPut {
		entries := make([]types.PutRecordsRequestEntry, recordsPerPut)
		for i := range entries {
			entries[i] = types.PutRecordsRequestEntry{
				Data:         fmt.Appendf(nil, "%s:%d", keyOf(first+i), first+i),
				PartitionKey: aws.String(keyOf(first + i)),
			}
		}
		output, err := client.PutRecords(ctx, &kinesis.PutRecordsInput{StreamName: &stream, Records: entries})
		if err != nil {
			return err
		}
		if *output.FailedRecordCount != 0 || len(output.Records) != len(entries) {
			return fmt.Errorf("%d of %d records failed", *output.FailedRecordCount, len(output.Records))
		}
	}
	return nil
}

func listShards(ctx context.Context, client *kinesis.Client, stream string) ([]types.Shard, error) {
	var shards []types.Shard
	input := kinesis.ListShardsInput{StreamName: &stream, MaxResults: aws.Int32(3)}
	for {
		page, err := client.ListShards(ctx, &input)
		if err != nil {
			return nil, err
		}
		shards = append(shards, page.Shards...)
		if page.NextToken == nil {
			return shards, nil
		}
		input = kinesis.ListShardsInput{NextToken: page.NextToken, MaxResults: aws.Int32(3)}
	}
}

func isOpen(shard types.Shard) bool { return shard.SequenceNumberRange.EndingSequenceNumber == nil }

// readAll reads every shard, parents first, and holds the records to what put wrote.
func readAll(ctx context.Context, client *kinesis.Client, stream string, count int) error {
	shards, err := listShards(ctx, client, stream)
	if err != nil {
		return err
	}
	var seen reading
	for _, shard := range shards {
		iterator, err := client.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{
			StreamName: &stream, ShardId: shard.ShardId, ShardIteratorType: types.ShardIteratorTypeTrimHorizon,
		})
		if err != nil {
			return err
		}
		seen.startShard()
		for next := iterator.ShardIterator; next != nil; {
			page, err := client.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: next})
			if err != nil {
				return err
			}
			if err := seen.take(page.Records); err != nil {
				return fmt.Errorf("%s: %w", *shard.ShardId, err)
			}
			next = page.NextShardIterator
			if isOpen(shard) && len(page.Records) == 0 && *page.MillisBehindLatest == 0 {
				break
			}
			if next == nil && len(page.ChildShards) == 0 {
				return fmt.Errorf("%s ended without naming its children", *shard.ShardId)
			}
		}
	}
	return seen.check(count)
}

func reshard(ctx context.Context, client *kinesis.Client, stream string) error {
	shards, err := listShards(ctx, client, stream)
	if err != nil {
		return err
	}
	low, _ := new(big.Int).SetString(*shards[0].HashKeyRange.StartingHashKey, 10)
	high, _ := new(big.Int).SetString(*shards[0].HashKeyRange.EndingHashKey, 10)
	middle := new(big.Int).Rsh(new(big.Int).Add(low, high), 1)
	if _, err := client.SplitShard(ctx, &kinesis.SplitShardInput{
		StreamName: &stream, ShardToSplit: shards[0].ShardId, NewStartingHashKey: aws.String(middle.String()),
	}); err != nil {
		return err
	}
	if err := waitUntilActive(ctx, client, stream); err != nil {
		return err
	}
	if _, err := client.MergeShards(ctx, &kinesis.MergeShardsInput{
		StreamName: &stream, ShardToMerge: shards[1].ShardId, AdjacentShardToMerge: shards[2].ShardId,
	}); err != nil {
		return err
	}
	if err := waitUntilActive(ctx, client, stream); err != nil {
		return err
	}
	after, err := listShards(ctx, client, stream)
	if err != nil {
		return err
	}
	var open int
	for _, shard := range after {
		if isOpen(shard) {
			open++
		}
	}
	if len(after) != shardCount+3 || open != shardCount {
		return fmt.Errorf("%d shards, %d of them open", len(after), open)
	}
	return nil
}

func remove(ctx context.Context, client *kinesis.Client, stream string) error {
	input := kinesis.DeleteStreamInput{StreamName: &stream, EnforceConsumerDeletion: aws.Bool(true)}
	if _, err := client.DeleteStream(ctx, &input); err != nil {
		return err
	}
	return kinesis.NewStreamNotExistsWaiter(client, func(options *kinesis.StreamNotExistsWaiterOptions) {
		options.MinDelay, options.MaxDelay = 50*time.Millisecond, time.Second
	}).Wait(ctx, &kinesis.DescribeStreamInput{StreamName: &stream}, waitTimeMax)
}

// reading checks the records of one pass over the stream.
type reading struct {
	count        int
	latestOfKey  map[string]int
	lastSequence string
}

func (seen *reading) startShard() {
	seen.lastSequence = ""
	if seen.latestOfKey == nil {
		seen.latestOfKey = map[string]int{}
	}
}

func (seen *reading) take(records []types.Record) error {
	for _, record := range records {
		key, text, _ := strings.Cut(string(record.Data), ":")
		var number int
		if _, err := fmt.Sscan(text, &number); err != nil || key != *record.PartitionKey || key != keyOf(number) {
			return fmt.Errorf("unexpected record %q with key %q", record.Data, *record.PartitionKey)
		}
		if latest, ok := seen.latestOfKey[key]; ok && number != latest+keyCount {
			return fmt.Errorf("%s: %d came after %d", key, number, latest)
		}
		// All numbers of one stream have the same count of digits.
		if *record.SequenceNumber <= seen.lastSequence {
			return fmt.Errorf("sequence number %s came after %s", *record.SequenceNumber, seen.lastSequence)
		}
		seen.latestOfKey[key], seen.lastSequence = number, *record.SequenceNumber
		seen.count++
	}
	return nil
}

func (seen *reading) check(count int) error {
	if seen.count != count || len(seen.latestOfKey) != keyCount {
		return fmt.Errorf("%d records of %d keys instead of %d of %d", seen.count, len(seen.latestOfKey), count, keyCount)
	}
	return nil
}
