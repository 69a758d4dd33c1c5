// Package waltest writes write-ahead logs and raft snapshots in etcd's format, for tests: logs that hold what real etcd has written only in bad
// luck, and logs of the programs that stand in for etcd.
package waltest

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/protobuf"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/wal"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// FileName is the name of a log's first file.
const FileName = "0000000000000000-0000000000000000.wal"

// Log is a log that can be added to.
type Log struct {
	Index, Term uint64
	path        string
	content     []byte
	sum         uint32
}

// Create begins a log in a folder, for the member of a cluster.
func Create(folder string, node, cluster uint64) (*Log, error) {
	l := &Log{Term: 2, path: filepath.Join(folder, FileName)}
	l.record(4, nil)
	l.record(1, append(Number(1, node), Number(2, cluster)...))
	l.record(5, append(Number(1, 0), Number(2, 0)...))
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	return l, l.save()
}

// Open takes up the log of a folder behind its last record.
func Open(folder string) (*Log, error) {
	state, err := wal.Read(folder, 0, func(wal.Entry) error { return nil })
	if err != nil {
		return nil, err
	}
	l := &Log{Index: state.LastIndex, Term: state.LastTerm, path: wal.Newest(folder)}
	content, err := os.ReadFile(l.path)
	if err != nil {
		return nil, err
	}
	l.content, l.sum = used(content)
	return l, nil
}

// Append adds an entry, committed.
func (l *Log) Append(data []byte) error { return l.append(0, data) }

// Change adds a change of the membership, committed.
func (l *Log) Change(data []byte) error { return l.append(1, data) }

func (l *Log) append(kind uint64, data []byte) error {
	l.Index++
	entry := append(append(Number(1, kind), Number(2, l.Term)...), Number(3, l.Index)...)
	l.record(2, append(entry, Bytes(4, data)...))
	return l.Commit(l.Index)
}

// Commit writes down up to where the log is agreed on.
func (l *Log) Commit(index uint64) error {
	l.record(3, append(append(Number(1, l.Term), Number(2, 1)...), Number(3, index)...))
	return l.save()
}

// Name writes down that there is a snapshot at the end of the log.
func (l *Log) Name() error {
	l.record(5, append(Number(1, l.Index), Number(2, l.Term)...))
	return l.save()
}

// WriteSnapshot writes a raft snapshot file at the end of the log, with a v2 store as JSON. It does not name it in the log.
func (l *Log) WriteSnapshot(folder, store string, voters ...uint64) error {
	var state []byte
	for _, id := range voters {
		state = append(state, Number(1, id)...)
	}
	metadata := append(append(Bytes(1, state), Number(2, l.Index)...), Number(3, l.Term)...)
	message := append(Bytes(1, []byte(store)), Bytes(2, metadata)...)
	content := append(Number(1, uint64(crc32.Checksum(message, castagnoli))), Bytes(2, message)...)
	return os.WriteFile(filepath.Join(folder, fmt.Sprintf("%016x-%016x.snap", l.Term, l.Index)), content, 0o600)
}

func (l *Log) record(kind uint64, data []byte) {
	if kind != 4 {
		l.sum = crc32.Update(l.sum, castagnoli, data)
	}
	record := append(Number(1, kind), Number(2, uint64(l.sum))...)
	if data != nil {
		record = append(record, Bytes(3, data)...)
	}
	length, padding := uint64(len(record)), (8-len(record)%8)%8
	if padding > 0 {
		length |= uint64(0x80|padding) << 56
	}
	l.content = binary.LittleEndian.AppendUint64(l.content, length)
	l.content = append(append(l.content, record...), make([]byte, padding)...)
}

// save writes the file with some of the empty room that etcd reserves.
func (l *Log) save() error {
	return os.WriteFile(l.path, append(l.content[:len(l.content):len(l.content)], make([]byte, 64)...), 0o600)
}

// used is a file up to its last record, and the checksum there.
func used(content []byte) ([]byte, uint32) {
	at, sum := 0, uint32(0)
	for at+8 <= len(content) {
		head := binary.LittleEndian.Uint64(content[at:])
		if head == 0 {
			break
		}
		length, padding := int(head&^(uint64(0xff)<<56)), int(head>>56&7)
		_ = protobuf.Each(content[at+8:at+8+length], func(f protobuf.Field) error {
			if f.Number == 2 {
				sum = uint32(f.Value)
			}
			return nil
		})
		at += 8 + length + padding
	}
	return content[:at:at], sum
}
