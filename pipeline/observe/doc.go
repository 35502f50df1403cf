// Package observe shows a graph at work: to Prometheus (Register), to whoever
// restarts processes and routes traffic (Healthy, Ready), and to a person in a
// browser (Page). All of it reads pipeline.Graph.Status and changes nothing.
package observe
