package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// states holds the newest state of each key; what is not known of a key has an age and no line.
type states struct {
	contract *protoregistry.Files
	ages     map[string][3]int
	lines    map[string]string
}

// take says whether a record is news. A tombstone, and what cannot be read, take the line of its key away.
func (s states) take(record *kgo.Record) (line string, isNews bool) {
	key, headers := string(record.Key), map[string]string{}
	defer func() {
		if cause := recover(); cause != nil {
			delete(s.lines, key)
			fmt.Fprintf(os.Stderr, "dead letter %s/%d@%d: %v\n", record.Topic, record.Partition, record.Offset, cause)
		}
	}()
	if record.Value == nil {
		delete(s.lines, key)
		return "", false
	}
	for _, header := range record.Headers {
		headers[header.Key] = string(header.Value)
	}
	age, line := read(s.contract, key, record.Value, headers)
	before := s.ages[key]
	if slices.Compare(age[:], before[:]) <= 0 {
		return "", false // a repeat, or a late record: delivery is at least once
	}
	s.ages[key], s.lines[key] = age, line
	return line, true
}

func live(contract *protoregistry.Files, broker, topic string, follow bool) {
	// no group: all partitions, each from its beginning
	client := must(kgo.NewClient(kgo.SeedBrokers(broker), kgo.ConsumeTopics(topic)))
	known := states{contract, map[string][3]int{}, map[string]string{}}
	behind, caughtUp := map[int32]int64{}, false
	for _, end := range must(kadm.NewClient(client).ListEndOffsets(context.Background(), topic))[topic] {
		if end.Offset > 0 {
			behind[end.Partition] = end.Offset
		}
	}
	for follow || !caughtUp {
		if len(behind) == 0 && !caughtUp {
			caughtUp = true
			for _, key := range slices.Sorted(maps.Keys(known.lines)) {
				fmt.Println(known.lines[key])
			}
			continue
		}
		client.PollFetches(context.Background()).EachRecord(func(record *kgo.Record) {
			if line, isNews := known.take(record); isNews && caughtUp {
				fmt.Println(line)
			}
			if record.Offset+1 >= behind[record.Partition] {
				delete(behind, record.Partition)
			}
		})
	}
}
