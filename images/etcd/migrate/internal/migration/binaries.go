package migration

import (
	"bytes"
	"errors"
	"io"
	"os"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/durable"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
)

// plainPrograms are those that pods call without a version.
var plainPrograms = []string{"etcd", "etcdctl", "etcdutl"}

// immovableBinaries says which program's plain name cannot be given to the target's, and why; nil if all can.
func (m *Migration) immovableBinaries() error {
	v := m.options.Target.Version
	if !m.options.MoveBinaries {
		return nil
	}
	for _, program := range plainPrograms {
		source, name := m.programs.Path(program, v), m.programs.Plain(program)
		if !m.programs.Has(program, v) || sameContent(source, name) {
			continue
		}
		if err := durable.Replaceable(name); err != nil {
			return err
		}
	}
	return nil
}

// moveBinaries gives the plain names to the target's programs. The plain name may be a hard link to another version, which must stay as it is.
func (r *run) moveBinaries(v version.Version) error {
	for _, program := range plainPrograms {
		source, name := r.programs.Path(program, v), r.programs.Plain(program)
		if !r.programs.Has(program, v) || sameContent(source, name) {
			continue
		}
		if err := durable.ReplaceFile(source, name); err != nil {
			return err
		}
	}
	return nil
}

func sameContent(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	if errX != nil || errY != nil {
		return false
	}
	if os.SameFile(x, y) {
		return true
	}
	return x.Size() == y.Size() && durable.CopyMode(x.Mode()) == durable.CopyMode(y.Mode()) && sameBytes(a, b)
}

func sameBytes(a, b string) bool {
	left, err := os.Open(a)
	if err != nil {
		return false
	}
	defer left.Close()
	right, err := os.Open(b)
	if err != nil {
		return false
	}
	defer right.Close()
	x, y := make([]byte, 1<<20), make([]byte, 1<<20)
	for {
		n, errX := io.ReadFull(left, x)
		k, errY := io.ReadFull(right, y)
		if n != k || !bytes.Equal(x[:n], y[:k]) {
			return false
		}
		if errX != nil || errY != nil {
			return errors.Is(errY, errX) && (errors.Is(errX, io.EOF) || errors.Is(errX, io.ErrUnexpectedEOF))
		}
	}
}
