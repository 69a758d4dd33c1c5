package wal

import (
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"sort"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/protobuf"
)

// maxSnapshot bounds a .snap file: it holds the v2 store, which etcd keeps in memory.
const maxSnapshot = 1 << 30

// Snapshot is a raft snapshot: the state up to an index. Store is the v2 store as JSON.
type Snapshot struct {
	Index, Term uint64
	Voters      []uint64
	Learners    []uint64
	Store       []byte
	Path        string
}

// Position is where in the log the snapshot was taken.
func (s *Snapshot) Position() Position { return Position{s.Index, s.Term} }

// NewestSnapshot reads the newest valid .snap file of a directory that is acceptable, as etcd does; nil if there is none. The problems name the newer
// ones that are not valid.
func NewestSnapshot(directory string, acceptable func(Position) bool) (*Snapshot, []error, error) {
	entries, err := os.ReadDir(directory)
	if os.IsNotExist(err) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	var names []string
	for _, entry := range entries {
		if term, index, ok := fileName(entry.Name(), ".snap"); ok && entry.Type().IsRegular() && acceptable(Position{index, term}) {
			names = append(names, entry.Name())
		}
	}
	sort.Sort(sort.Reverse(sort.StringSlice(names)))
	var problems []error
	for _, name := range names {
		snapshot, err := readSnapshot(filepath.Join(directory, name))
		if err == nil {
			return snapshot, problems, nil
		}
		problems = append(problems, fmt.Errorf("%s: %w", name, err))
	}
	return nil, problems, nil
}

// Any accepts every position.
func Any(Position) bool { return true }

func readSnapshot(path string) (*Snapshot, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxSnapshot+1))
	if err != nil {
		return nil, err
	}
	if len(content) > maxSnapshot {
		return nil, fmt.Errorf("larger than %d bytes", maxSnapshot)
	}
	sum, data, err := parseEnvelope(content)
	if err != nil {
		return nil, err
	}
	if crc32.Checksum(data, castagnoli) != sum {
		return nil, fmt.Errorf("%w: checksum does not match", ErrMalformed)
	}
	snapshot := &Snapshot{Path: path}
	return snapshot, snapshot.parse(data)
}

func parseEnvelope(content []byte) (sum uint32, data []byte, err error) {
	err = protobuf.Each(content, func(f protobuf.Field) error {
		switch f.Number {
		case 1:
			sum = uint32(f.Value)
		case 2:
			data = f.Bytes
		}
		return nil
	})
	return sum, data, err
}

func (s *Snapshot) parse(message []byte) error {
	return protobuf.Each(message, func(f protobuf.Field) error {
		switch f.Number {
		case 1:
			s.Store = f.Bytes
		case 2:
			return s.parseMetadata(f.Bytes)
		}
		return nil
	})
}

func (s *Snapshot) parseMetadata(message []byte) error {
	return protobuf.Each(message, func(f protobuf.Field) error {
		switch f.Number {
		case 1:
			return s.parseConfState(f.Bytes)
		case 2:
			s.Index = f.Value
		case 3:
			s.Term = f.Value
		}
		return nil
	})
}

func (s *Snapshot) parseConfState(message []byte) error {
	return protobuf.Each(message, func(f protobuf.Field) error {
		ids, err := protobuf.Numbers(f)
		if err != nil {
			return err
		}
		switch f.Number {
		case 1:
			s.Voters = append(s.Voters, ids...)
		case 2:
			s.Learners = append(s.Learners, ids...)
		}
		return nil
	})
}
