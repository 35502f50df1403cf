package parquet

// Fail makes the file system fail: f is asked before each create, open, write
// and sync.
func (s *Sink) Fail(f func(op, path string) error) { s.fault = f }
