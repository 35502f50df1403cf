// Package pipelinetest tells whether a graph kept its promises: it replays what
// was sent in a simple model, which shares no code with the engine, and compares
// both stores and the progress between them. It is for tests of graphs with
// stages, sources and sinks of one's own, whatever was done to them meanwhile.
//
// A test tells a Log what it sends, runs the graph, hurts it, and asks an Oracle.
package pipelinetest
