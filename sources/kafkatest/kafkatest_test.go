package kafkatest_test

import (
	"context"
	"fmt"

	"github.com/tandemdata/tandem/sources/kafkatest"
	"github.com/twmb/franz-go/pkg/kgo"
)

func Example() {
	cluster, err := kafkatest.Start(map[string]int32{"clicks": 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer cluster.Close()

	ctx := context.Background()
	err = cluster.Produce(ctx, &kgo.Record{Topic: "clicks", Partition: 1, Value: []byte("hello")})
	fmt.Println(err, cluster.PartitionInfo("clicks", 1).HighWatermark)
	// Output: <nil> 1
}
