package pipeline

import (
	"context"
	"fmt"
	"strconv"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// The headers of a dead letter, in the metadata of its message. Its payload is
// the record's value as it was; the record's own headers stand beside these,
// after the prefix "record.".
const (
	HeaderNode       = "tandem.node"
	HeaderTopic      = "tandem.topic"
	HeaderPartition  = "tandem.partition"
	HeaderOffset     = "tandem.offset"
	HeaderTimestamp  = "tandem.timestamp"   // milliseconds since 1970-01-01 UTC
	HeaderKey        = "tandem.key"         // as it was; absent where the record had none
	HeaderNullValue  = "tandem.value.null"  // "true" where the value was null, which a payload can't be
	HeaderErrorClass = "tandem.error.class" // the kind that the stage or the sink gave, as "truncated"
	HeaderError      = "tandem.error.message"
)

// DeadLetters sets where records go that can't become rows: any Watermill
// publisher, which must return only once the message is safe. Without it, the
// first such record stops the graph.
func (g *Graph) DeadLetters(p message.Publisher, topic string) {
	g.router.rejects, g.router.publisher, g.router.topic = true, p, topic
}

func (r *routing) reject(ctx context.Context, node string, p feature.TopicPartition, rec feature.Record, kind string, cause error) error {
	if r.publisher == nil {
		return &RecordError{p, rec.Offset, fmt.Errorf("%s: %w (and the graph has no dead-letter path)", kind, cause)}
	}
	m := message.NewMessage(watermill.NewUUID(), rec.Value)
	m.SetContext(ctx)
	for _, h := range rec.Headers {
		m.Metadata.Set("record."+h.Key, string(h.Value))
	}
	for k, v := range map[string]string{
		HeaderNode:       node,
		HeaderTopic:      p.Topic,
		HeaderPartition:  strconv.Itoa(int(p.Partition)),
		HeaderOffset:     strconv.FormatInt(rec.Offset, 10),
		HeaderTimestamp:  strconv.FormatInt(rec.Timestamp, 10),
		HeaderErrorClass: kind,
		HeaderError:      cause.Error(),
	} {
		m.Metadata.Set(k, v)
	}
	if rec.Key != nil {
		m.Metadata.Set(HeaderKey, string(rec.Key))
	}
	if rec.Value == nil {
		m.Metadata.Set(HeaderNullValue, "true")
	}
	if err := r.publisher.Publish(r.topic, m); err != nil {
		return Transient(&RecordError{p, rec.Offset, fmt.Errorf("dead letter to %q: %w", r.topic, err)})
	}
	return nil
}
