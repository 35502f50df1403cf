package kafka

import (
	"errors"
	"fmt"
	"net"

	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// RecreatedError says that the topic is not the one that was read before: it
// was deleted and made again, so its offsets mean other records.
type RecreatedError struct {
	Topic    string
	Was, Now string // topic ids; Now is empty where it was not made again
	Epoch    int32  // of both
}

// Error says what became of the topic, and what to do.
func (e *RecreatedError) Error() string {
	if e.Now == "" {
		return fmt.Sprintf("topic %q was deleted (id %s)", e.Topic, e.Was)
	}
	return fmt.Sprintf("topic %q was recreated (id %s, was %s): raise Epoch above %d to read it as a new life", e.Topic, e.Now, e.Was, e.Epoch)
}

// PartitionsError says that the topic has other partitions than when it was last
// read, so that the rows of a key may be in two of them, where they must stay in one.
type PartitionsError struct {
	Topic    string
	Was, Now int32 // how many
	Epoch    int32 // of both
}

// Error says what changed, and what to do.
func (e *PartitionsError) Error() string {
	return fmt.Sprintf("topic %q has %d partitions, and had %d: where rows of a key must stay in one (by log, or by feature.KeysStay), keys that moved need a new epoch: "+
		"once what was sent before is read, raise Epoch above %d to go on", e.Topic, e.Now, e.Was, e.Epoch)
}

// EpochError says that the settings are behind what was read before.
type EpochError struct {
	feature.TopicPartition
	Known int32 // the epoch of what was read
}

// Error says which epoch is known, and what to do.
func (e *EpochError) Error() string {
	return fmt.Sprintf("%s/%d: Epoch is %d, and epoch %d has been read already: set it to that, or above for a new life of the topic",
		e.Topic, e.Partition, e.Epoch, e.Known)
}

// refused reports whether no later attempt to be in the group can go better.
func refused(err error) bool {
	for _, e := range []error{
		kerr.GroupAuthorizationFailed, kerr.TopicAuthorizationFailed, kerr.ClusterAuthorizationFailed,
		kerr.SaslAuthenticationFailed, kerr.InvalidGroupID, kerr.InconsistentGroupProtocol, kerr.InvalidSessionTimeout,
		kerr.GroupMaxSizeReached, kerr.UnsupportedVersion,
		kerr.FencedInstanceID, // another process has the name: whoever came back would only be fenced, or fence
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

func isDial(err error) bool {
	var op *net.OpError
	return errors.As(err, &op)
}
