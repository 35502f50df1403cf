package parquet

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	iceio "github.com/apache/iceberg-go/io"
)

// disk is the local file system as Iceberg sees it, but nothing that was
// written and closed is lost when the machine goes down: files and the
// directories that name them are synced.
type disk struct {
	iceio.LocalFS
	fault func(op, path string) error // fails an operation in tests; nil: none
}

var (
	_ iceio.WriteFileIO = (*disk)(nil)
	_ iceio.ReadFileIO  = (*disk)(nil)
	_ iceio.ListableIO  = (*disk)(nil)
)

func (d *disk) check(op, path string) error {
	if d.fault == nil {
		return nil
	}
	if err := d.fault(op, path); err != nil {
		return &os.PathError{Op: op, Path: path, Err: err}
	}
	return nil
}

// pathOfURI is the path of a file that the table's metadata names.
func pathOfURI(uri string) string { return strings.TrimPrefix(uri, "file://") }

// Create makes a file that is synced when it is closed.
func (d *disk) Create(name string) (iceio.FileWriter, error) {
	return d.create(pathOfURI(name))
}

func (d *disk) create(path string) (*file, error) {
	if err := d.check("create", path); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	return &file{File: f, disk: d}, nil
}

// WriteFile writes a whole file and syncs it.
func (d *disk) WriteFile(name string, b []byte) error {
	f, err := d.create(pathOfURI(name))
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Close())
}

// Remove removes a file; one that isn't there is no error.
func (d *disk) Remove(name string) error {
	if err := os.Remove(pathOfURI(name)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// makeDir makes a directory, durably.
func (d *disk) makeDir(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return d.syncDir(filepath.Dir(dir))
}

// WalkDir passes over what others remove while it walks.
func (d *disk) WalkDir(root string, fn fs.WalkDirFunc) error {
	return d.LocalFS.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err = fn(path, e, err); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
}

// Open opens a file for reading.
func (d *disk) Open(name string) (iceio.File, error) {
	if err := d.check("open", pathOfURI(name)); err != nil {
		return nil, err
	}
	return d.LocalFS.Open(name)
}

// syncDir makes the names in a directory durable.
func (d *disk) syncDir(dir string) error {
	if err := d.check("sync", dir); err != nil {
		return err
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// file is an open file of a disk.
type file struct {
	*os.File
	disk *disk
}

func (f *file) Write(b []byte) (int, error) {
	if err := f.disk.check("write", f.Name()); err != nil {
		return 0, err
	}
	return f.File.Write(b)
}

func (f *file) WriteAt(b []byte, off int64) (int, error) {
	if err := f.disk.check("write", f.Name()); err != nil {
		return 0, err
	}
	return f.File.WriteAt(b, off)
}

func (f *file) Sync() error {
	if err := f.disk.check("sync", f.Name()); err != nil {
		return err
	}
	return f.File.Sync()
}

// Close syncs the file and the directory that names it.
func (f *file) Close() error {
	err := f.Sync()
	return errors.Join(err, f.File.Close(), f.disk.syncDir(filepath.Dir(f.Name())))
}
