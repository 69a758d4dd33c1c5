package wal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/protobuf"
)

// maxFiles bounds the files of one log: etcd keeps five by default.
const maxFiles = 1 << 16

// The types of raft entries.
const (
	entryNormal     = 0
	entryConfChange = 1
)

// Log is what the log says from the newest raft snapshot on.
type Log struct {
	NodeID, ClusterID   uint64
	LastIndex, LastTerm uint64
	Commit              uint64
	FirstEntry          uint64 // index of the first entry that was read; 0 if there was none
	Snapshots           []Position
}

// Position is a place in the log. Snapshots of a Log are those that the files which were read name as taken.
type Position struct{ Index, Term uint64 }

// maxSnapshots bounds the positions that are kept: the newest ones.
const maxSnapshots = 1 << 12

// Entry is one agreed or proposed change. Data is valid only while it is visited.
type Entry struct {
	Index, Term uint64
	ConfChange  bool
	Data        []byte
}

// Read visits the entries after the index `after` in the files of a directory, older ones not at all. A record that a crash cut
// short ends the log, as it does for etcd; so does damage in the last file. Damage before that is an error.
func Read(directory string, after uint64, visit func(Entry) error) (Log, error) {
	var log Log
	names, err := files(directory, after)
	if err != nil {
		return log, err
	}
	if len(names) == 0 {
		return log, fmt.Errorf("%s holds no log: %w", directory, os.ErrNotExist)
	}
	var sum uint32
	for i, name := range names {
		sum, err = readFile(filepath.Join(directory, name), sum, func(r record) error {
			return log.record(r, after, visit)
		})
		if errors.Is(err, errTorn) && i == len(names)-1 {
			return log, nil
		}
		if errors.Is(err, errTorn) {
			err = fmt.Errorf("%w: %s ends early", ErrMalformed, name)
		}
		if err != nil {
			return log, err
		}
	}
	return log, nil
}

func (l *Log) record(r record, after uint64, visit func(Entry) error) error {
	switch r.kind {
	case recordMetadata:
		return protobuf.Each(r.data, func(f protobuf.Field) error {
			switch f.Number {
			case 1:
				l.NodeID = f.Value
			case 2:
				l.ClusterID = f.Value
			}
			return nil
		})
	case recordState:
		return protobuf.Each(r.data, func(f protobuf.Field) error {
			if f.Number == 3 {
				l.Commit = f.Value
			}
			return nil
		})
	case recordSnapshot:
		return l.snapshot(r.data)
	case recordEntry:
		entry, err := parseEntry(r.data)
		if err != nil {
			return err
		}
		l.LastIndex, l.LastTerm = entry.Index, entry.Term
		if entry.Index <= after {
			return nil
		}
		if l.FirstEntry == 0 {
			l.FirstEntry = entry.Index
		}
		return visit(entry)
	}
	return nil
}

func (l *Log) snapshot(message []byte) error {
	var at Position
	err := protobuf.Each(message, func(f protobuf.Field) error {
		switch f.Number {
		case 1:
			at.Index = f.Value
		case 2:
			at.Term = f.Value
		}
		return nil
	})
	if len(l.Snapshots) >= maxSnapshots {
		l.Snapshots = append(l.Snapshots[:0], l.Snapshots[1:]...)
	}
	l.Snapshots = append(l.Snapshots, at)
	return err
}

// Names reports whether the log names a snapshot at a position, as a committed one. A snapshot file that it does not name was written by an etcd that
// died before it could say so; etcd from 3.4 on does not begin at it.
func (l Log) Names(at Position) bool {
	for _, known := range l.Snapshots {
		if known == at && at.Index <= l.Commit {
			return true
		}
	}
	return false
}

func parseEntry(message []byte) (Entry, error) {
	var e Entry
	kind := uint64(0)
	err := protobuf.Each(message, func(f protobuf.Field) error {
		switch f.Number {
		case 1:
			kind = f.Value
		case 2:
			e.Term = f.Value
		case 3:
			e.Index = f.Value
		case 4:
			e.Data = f.Bytes
		}
		return nil
	})
	e.ConfChange = kind == entryConfChange
	if kind > entryConfChange { // version 2 of membership changes, which etcd does not write
		e.Data = nil
	}
	return e, err
}

// files lists the log's files that can hold entries after an index, in order.
func files(directory string, after uint64) ([]string, error) {
	all, err := os.ReadDir(directory)
	if err != nil {
		return nil, err
	}
	if len(all) > maxFiles {
		return nil, fmt.Errorf("%s holds too many files", directory)
	}
	var names []string
	var first []uint64
	for _, entry := range all {
		if _, index, ok := fileName(entry.Name(), ".wal"); ok && entry.Type().IsRegular() {
			names = append(names, entry.Name())
			first = append(first, index)
		}
	}
	start := 0
	for i := range names {
		if first[i] <= after+1 {
			start = i
		}
	}
	return names[start:], nil
}

// fileName takes <16 hex digits>-<16 hex digits><suffix> apart.
func fileName(name, suffix string) (sequence, index uint64, ok bool) {
	if len(name) != 33+len(suffix) || !strings.HasSuffix(name, suffix) {
		return 0, 0, false
	}
	n, err := fmt.Sscanf(name[:33], "%016x-%016x", &sequence, &index)
	return sequence, index, n == 2 && err == nil
}

// Newest is the log's last file, the one that a live etcd holds locked; empty if there is none.
func Newest(directory string) string {
	names, err := files(directory, ^uint64(0)-1)
	if err != nil || len(names) == 0 {
		return ""
	}
	sort.Strings(names)
	return filepath.Join(directory, names[len(names)-1])
}

// IsDamage reports errors that mean the log itself is bad, rather than that it could not be read.
func IsDamage(err error) bool {
	return errors.Is(err, ErrMalformed) || errors.Is(err, protobuf.ErrMalformed)
}
