// Package pipeline is how rows move: a directed graph of nodes, each one handler
// of a Watermill router, joined by ordered, bounded lanes.
package pipeline
