// Package datadir knows an etcd data directory: what its files say about the data, whatever version.txt says, and what
// state version.txt itself is in. It never writes.
package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/bolt"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/durable"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
)

// Member is one member of the cluster, as this member knows it.
type Member struct {
	ID       uint64
	Name     string
	PeerURLs []string
	Learner  bool
}

// Facts is what the files under member/ say. A zero field means that they do not say.
type Facts struct {
	Present     bool // member/ exists
	HasDatabase bool // member/snap/db exists
	Size        int64

	StorageVersion  version.Line // written by 3.6 and later
	DatabaseVersion version.Line // the cluster version in the database: old after a restore

	Revision, CompactRevision int64
	ConsistentIndex           uint64 // up to where in the log the database is
	AuthEnabled               bool
	Leftover                  []Member // in the database alone: removed members that 3.6 may revive
	OtherRole                 []Member // learners in the log and voters in the database, or the other way round; 3.6 believes the database
	SnapshotAhead             bool     // the raft snapshot is newer than the database, and there is no database to go with it

	Log

	Problems []string // what could not be read, and why
	InUse    string   // what another process kept from being read, most likely an etcd: Windows locks reading too. Nothing else is known of it
}

// Paths is where a member's files are.
type Paths struct {
	Data string
	WAL  string // empty: member/wal
}

// Member is the folder that holds everything etcd writes, except a separate log.
func (p Paths) Member() string { return filepath.Join(p.Data, "member") }

// Snap is the folder of the database and of the raft snapshots.
func (p Paths) Snap() string { return filepath.Join(p.Member(), "snap") }

// Database is the bbolt file.
func (p Paths) Database() string { return filepath.Join(p.Snap(), "db") }

// Log is the folder of the write-ahead log.
func (p Paths) Log() string {
	if p.WAL != "" {
		return p.WAL
	}
	return filepath.Join(p.Member(), "wal")
}

// Read collects the facts. Damage is recorded as a problem, not returned: what to do about it depends on the plan.
func Read(paths Paths) (*Facts, error) {
	f := &Facts{}
	if _, err := os.Stat(paths.Member()); errors.Is(err, fs.ErrNotExist) {
		return f, nil
	} else if err != nil {
		return nil, err
	}
	f.Present = true
	f.readDatabase(paths.Database())
	f.readLog(paths)
	sort.Slice(f.Members, func(i, j int) bool { return f.Members[i].ID < f.Members[j].ID })
	return f, nil
}

// maxProblems bounds what is kept of what could not be read.
const maxProblems = 20

func (f *Facts) problem(format string, arguments ...any) {
	if len(f.Problems) < maxProblems {
		f.Problems = append(f.Problems, fmt.Sprintf(format, arguments...))
	}
}

// inUse tells a file that another process has for itself from a bad one.
var inUse = durable.InUse

// unread records why a file could not be read. That another process has it says nothing about the data.
func (f *Facts) unread(what string, err error) {
	if inUse(err) {
		f.InUse = fmt.Sprintf("%s: %v", what, err)
		return
	}
	f.problem("%s: %v", what, err)
}

// Line is the minor that the data was last agreed on, and whether that is certain. After a restore the database keeps the version of the
// cluster that it came from until an etcd starts on it, so the database alone gives only an upper bound.
//
// From 3.6 on the database is the truth, and has two versions: the cluster version moves up as soon as every member runs it, the storage version some
// time later. On the way down both move. An older etcd refuses the data until it has the right one of either, so the higher one counts.
func (f *Facts) Line() (line version.Line, certain bool) {
	switch {
	case !f.StorageVersion.IsZero():
		line = f.StorageVersion
		for _, other := range []version.Line{f.DatabaseVersion, f.LogVersion} {
			if line.Less(other) {
				line = other
			}
		}
		return line, true
	case !f.LogVersion.IsZero():
		return f.LogVersion, true
	}
	return f.DatabaseVersion, false
}

// Voters counts the members that vote; a single one means that this member is the whole cluster.
func (f *Facts) Voters() int {
	n := 0
	for _, m := range f.Members {
		if !m.Learner {
			n++
		}
	}
	return n
}

// Self is this member, if the log names it.
func (f *Facts) Self() (Member, bool) {
	for _, m := range f.Members {
		if m.ID == f.NodeID && f.NodeID != 0 {
			return m, true
		}
	}
	return Member{}, false
}

func (f *Facts) readDatabase(path string) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	f.HasDatabase = true
	if err != nil {
		f.problem("%v", err)
		return
	}
	f.Size = info.Size()
	database, err := ReadDatabase(path)
	if err != nil {
		f.unread("database", err)
	}
	if database == nil {
		return
	}
	f.StorageVersion, f.DatabaseVersion = database.StorageVersion, database.ClusterVersion
	f.Revision, f.CompactRevision, f.AuthEnabled = database.Revision, database.CompactRevision, database.AuthEnabled
	f.ConsistentIndex = database.ConsistentIndex
	f.Leftover = database.Members // reduced to the leftover ones once the log has been read
}

// Database is what a bbolt file of etcd, or a snapshot of one, says.
type Database struct {
	StorageVersion, ClusterVersion version.Line
	Revision, CompactRevision      int64
	CompactScheduled               int64
	ConsistentIndex                uint64
	AuthEnabled                    bool
	Members                        []Member
}

// ReadDatabase reads the facts of one database. With an error, what was read until then is returned too.
func ReadDatabase(path string) (*Database, error) {
	file, err := bolt.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	d := &Database{}
	for _, read := range []func(*bolt.File) error{d.readMeta, d.readCluster, d.readRevision, d.readAuth} {
		if err := read(file); err != nil {
			return d, err
		}
	}
	return d, nil
}
