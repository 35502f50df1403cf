// Package benchmarks is what each stage and each topology costs, beside the
// same work done without a framework.
//
//	go test -bench . ./benchmarks/...
package benchmarks
