// Package observe shows a graph at work: to Prometheus (Register), and to whoever
// restarts processes and routes traffic (Healthy, Ready). All of it reads
// pipeline.Graph.Status and changes nothing.
package observe
