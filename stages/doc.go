// Package stages is what happens to rows on the way: decode, dedup, order
// guard, batch, and the commit that joins what sinks have made durable.
//
// Each stage is a struct of settings of which zero means the default, and makes
// one instance for each lane.
package stages
