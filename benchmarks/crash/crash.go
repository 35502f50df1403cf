// Package crash runs the whole graph in processes that are killed, paused and cut off from their servers, and then
// compares what both stores hold with what was sent.
//
// A test binary or a command that calls [Child] first is its own child program. So what makes a process kill itself at
// a named point is in no binary that anybody ships.
//
//	job.go      what a child is told
//	child.go    the graph that it runs
//	point.go    where a child can be told to kill itself; tap.go, how that is wired between its nodes
//	process.go  a child, as the one who started it has it
//	world.go    a topic, its two stores and all that was sent; load.go, what is sent
//	group.go    waiting for what the group of the children does
//	verdict.go  the comparison
//	kill.go     kills; proxy.go, a network between the children and a server that can be cut, slowed and reset
//	tally.go    how often each fault happened
//	testing.go  a world for a test
package crash
