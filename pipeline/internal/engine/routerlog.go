package engine

import (
	"context"
	"log/slog"

	"github.com/ThreeDotsLabs/watermill"
)

// routerLog is Watermill's own log, at debug: what it says of errors, the graph
// says itself, and once. It traces each message several times, so nothing is
// made of its fields unless somebody reads them.
type routerLog struct{ l *slog.Logger }

// Error logs an error that the graph has reported already.
func (r routerLog) Error(msg string, err error, fields watermill.LogFields) {
	r.log(slog.LevelDebug, msg, fields, slog.Any("error", err))
}

// Info is what the router says of its start and end.
func (r routerLog) Info(msg string, fields watermill.LogFields) { r.log(slog.LevelDebug, msg, fields) }

// Debug is what it says of handlers.
func (r routerLog) Debug(msg string, fields watermill.LogFields) {
	r.log(slog.LevelDebug, msg, fields)
}

// Trace is what it says of messages.
func (r routerLog) Trace(msg string, fields watermill.LogFields) {
	r.log(watermill.LevelTrace, msg, fields)
}

// With adds fields to each line.
func (r routerLog) With(fields watermill.LogFields) watermill.LoggerAdapter {
	l := r.l
	for k, v := range fields {
		l = l.With(k, v)
	}
	return routerLog{l}
}

func (r routerLog) log(level slog.Level, msg string, fields watermill.LogFields, more ...any) {
	if !r.l.Enabled(context.Background(), level) {
		return
	}
	for k, v := range fields {
		more = append(more, k, v)
	}
	r.l.Log(context.Background(), level, msg, more...)
}
