package main

import (
	"context"
	"encoding/json"
	"os"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	wmkafka "github.com/ThreeDotsLabs/watermill-kafka/v3/pkg/kafka"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/gochannel"
	"github.com/hamba/avro/v2"
	pq "github.com/parquet-go/parquet-go"

	"github.com/tandemdata/tandem/internal/avrorow"
)

// naiveWatermill is Watermill as its examples have it: watermill-kafka, one
// record a message, a handler a stage, gochannel between two. Rows travel as
// JSON, the last handler writes Parquet.
func naiveWatermill(t topic, rows int64) contestant {
	return contestant{"naive Watermill", func(ctx context.Context, c *clock) (int64, error) {
		file, w, err := staticWriter()
		if err != nil {
			return 0, err
		}
		defer os.Remove(file.Name())
		c.start()
		defer c.stop()
		n := &naive{want: rows, all: make(chan struct{}), seen: map[string]string{}, file: file, w: w}
		if err := n.run(ctx, t); err != nil {
			return 0, err
		}
		_, err = writeStatic(file, w, n.rows, true)
		return n.taken, err
	}}
}

// naive is a run of it.
type naive struct {
	want int64
	all  chan struct{} // closed once that many rows were taken

	mu    sync.Mutex
	taken int64
	seen  map[string]string
	rows  []row
	file  *os.File
	w     *pq.GenericWriter[row]
}

func (n *naive) run(ctx context.Context, t topic) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	from, err := wmkafka.NewSubscriber(wmkafka.SubscriberConfig{Brokers: t.brokers, Unmarshaler: wmkafka.DefaultMarshaler{}, OverwriteSaramaConfig: oldest()}, watermill.NopLogger{})
	if err != nil {
		return err
	}
	defer from.Close()
	r, err := message.NewRouter(message.RouterConfig{CloseTimeout: time.Second}, watermill.NopLogger{})
	if err != nil {
		return err
	}
	schema, err := avro.Parse(avrorow.Schema)
	if err != nil {
		return err
	}
	between := gochannel.NewGoChannel(gochannel.Config{OutputChannelBuffer: 1000, BlockPublishUntilSubscriberAck: false}, watermill.NopLogger{})
	r.AddHandler("decode", t.name, from, "rows", between, func(m *message.Message) ([]*message.Message, error) { return decodeNaive(schema, m) })
	r.AddHandler("dedup", "rows", between, "fresh", between, n.dedup)
	r.AddHandler("order-guard", "fresh", between, "ordered", between, pass)
	r.AddConsumerHandler("parquet", "ordered", between, n.write)
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	select {
	case <-n.all:
		cancel()
		return <-ended
	case err := <-ended:
		return err
	}
}

func decodeNaive(schema avro.Schema, m *message.Message) ([]*message.Message, error) {
	fields := map[string]any{}
	if err := avro.Unmarshal(schema, m.Payload, &fields); err != nil {
		return nil, err
	}
	body, err := json.Marshal(fields)
	if err != nil {
		return nil, err
	}
	return []*message.Message{message.NewMessage(watermill.NewUUID(), body)}, nil
}

// dedup passes a duplicate on as an empty message, so that all can be counted.
func (n *naive) dedup(m *message.Message) ([]*message.Message, error) {
	var id struct {
		EntityID string `json:"entity_id"`
	}
	if err := json.Unmarshal(m.Payload, &id); err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.seen[id.EntityID] == string(m.Payload) {
		return []*message.Message{message.NewMessage(m.UUID, nil)}, nil
	}
	n.seen[id.EntityID] = string(m.Payload)
	return []*message.Message{message.NewMessage(m.UUID, m.Payload)}, nil
}

func pass(m *message.Message) ([]*message.Message, error) { return []*message.Message{m.Copy()}, nil }

func (n *naive) write(m *message.Message) error {
	var r row
	if len(m.Payload) > 0 {
		if err := json.Unmarshal(m.Payload, &struct {
			EntityID  *string    `json:"entity_id"`
			SessionID *string    `json:"session_id"`
			Score     *float64   `json:"score"`
			Embedding *[]float32 `json:"embedding"`
		}{&r.EntityID, &r.SessionID, &r.Score, &r.Embedding}); err != nil {
			return err
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.taken++; n.taken == n.want {
		close(n.all)
	}
	if len(m.Payload) == 0 || n.taken > n.want {
		return nil
	}
	n.rows = append(n.rows, r)
	if len(n.rows) < 8192 {
		return nil
	}
	_, err := writeStatic(n.file, n.w, n.rows, false)
	n.rows = n.rows[:0]
	return err
}
