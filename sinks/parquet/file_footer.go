package parquet

import (
	"encoding/binary"
	"fmt"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// mendFooter gives a footer the bounds that engines may skip row groups and files
// by. What it is given ends a file: the footer, its length and a magic number.
func (f *dataFile) mendFooter(b []byte) ([]byte, error) {
	var meta format.FileMetaData
	p := new(thrift.CompactProtocol)
	if err := thrift.Unmarshal(p, b[:len(b)-tailBytes], &meta); err != nil {
		return nil, fmt.Errorf("its footer: %w", err)
	}
	if len(meta.RowGroups) != len(f.groups) {
		return nil, fmt.Errorf("its footer has %d row groups, %d were written", len(meta.RowGroups), len(f.groups))
	}
	for i, g := range f.groups {
		for k := range f.layout.columns {
			f.layout.columns[k].Mend(meta.RowGroups[i].Columns, g)
		}
	}
	out, err := thrift.Marshal(p, &meta)
	if err != nil {
		return nil, fmt.Errorf("its footer: %w", err)
	}
	out = binary.LittleEndian.AppendUint32(out, uint32(len(out)))
	return append(out, b[len(b)-4:]...), nil
}
