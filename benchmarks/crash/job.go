package crash

import (
	"encoding/json"
	"time"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// jobVariable makes a process a child.
const jobVariable = "TANDEM_CRASH_JOB"

// Job is what a child does: it keeps both stores in step with a topic.
type Job struct {
	Broker, Topic string

	Group  string // default none: the child reads all partitions
	Member string // default none; its name as a static member of Group
	Order  feature.Order
	Keys   feature.Placement // whether Dedup may drop rows

	Cassandra, Keyspace string
	Warehouse           string

	// UntilEnd has it end with what is in the topic when it starts.
	UntilEnd bool

	// Session is how long Group misses it before it gives its partitions away. Default 6s, the least that a broker allows.
	Session time.Duration `json:",omitempty"`

	// CommitEvery is the offline store's. Default 100ms.
	CommitEvery time.Duration `json:",omitempty"`

	Fault Fault
}

func (j Job) encode() (string, error) {
	text, err := json.Marshal(j)
	return jobVariable + "=" + string(text), err
}

func decodeJob(text string) (Job, error) {
	j := Job{Session: 6 * time.Second, CommitEvery: 100 * time.Millisecond}
	err := json.Unmarshal([]byte(text), &j)
	return j, err
}
