package migration

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/waltest"
)

// newMember makes a member with a database, as a restore does; without one, as an etcd does that begins.
func newMember(member, log string, database []byte) {
	if log == "" {
		log = filepath.Join(member, "wal")
	}
	demand(os.MkdirAll(filepath.Join(member, "snap"), 0o700))
	demand(os.WriteFile(filepath.Join(member, "snap", "db"), database, 0o600))
	l, err := waltest.Create(log, 1, 1)
	demand(err)
	change := append(append(waltest.Number(2, 0), waltest.Number(3, 1)...), waltest.Bytes(4, []byte(`{"id":1,"name":"m","peerURLs":["http://localhost:2380"]}`))...)
	demand(l.Change(change))
}

const logName = waltest.FileName

// setClusterVersion moves the cluster version, as an etcd of that minor does.
func setClusterVersion(member, text string) {
	l, err := waltest.Open(filepath.Join(member, "wal"))
	demand(err)
	line, err := version.ParseLine(text)
	demand(err)
	if line.AtLeast(3, 6) {
		demand(l.Append(waltest.ClusterVersion(text)))
	} else {
		demand(l.Append(waltest.V2("PUT", "/0/version", text)))
	}
}

// lowerDatabase takes the cluster version and the storage version of a database back. The versions have the same length, and pages have no checksums.
func lowerDatabase(path, from, to string) {
	content, err := os.ReadFile(path)
	demand(err)
	minor := from[:strings.LastIndex(from, ".")]
	demand(os.WriteFile(path, bytes.ReplaceAll(content, []byte(minor+".0"), []byte(to+".0")), 0o600))
}

// moveDatabase moves the consistent index of a database to that of the log. An etcd that finds no database makes one; here it is a recorded one.
func moveDatabase(path string, index uint64) {
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) || len(content) == 0 {
		content, err = os.ReadFile(original("3.3.25"))
	}
	demand(err)
	name := []byte("consistent_index")
	for rest, at := content, 0; ; {
		i := bytes.Index(rest, name)
		if i < 0 {
			break
		}
		at += i + len(name)
		binary.BigEndian.PutUint64(content[at:], index)
		rest = content[at:]
	}
	demand(os.WriteFile(path, content, 0o600))
}
