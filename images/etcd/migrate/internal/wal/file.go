// Package wal reads etcd's write-ahead log and its raft snapshot files, in the format that 2.0 to 3.6 share, without
// changing them: what was last agreed on, by whom, and at which cluster version.
package wal

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/protobuf"
)

// ErrMalformed reports a log that etcd would refuse too.
var ErrMalformed = errors.New("damaged log")

// maxRecord bounds one record. etcd limits requests to a few MiB; a v2 request may hold more.
const maxRecord = 512 << 20

// The kinds of records.
const (
	recordMetadata = 1
	recordEntry    = 2
	recordState    = 3
	recordSum      = 4
	recordSnapshot = 5
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

type record struct {
	kind uint64
	sum  uint32
	data []byte
}

// errTorn is the end of a file whose last record a crash cut short.
var errTorn = errors.New("torn record")

// readFile calls visit for each record of one file. sum is the running checksum, which goes on from file to file.
func readFile(path string, sum uint32, visit func(record) error) (uint32, error) {
	file, err := os.Open(path)
	if err != nil {
		return sum, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return sum, err
	}
	reader := &fileReader{in: bufio.NewReaderSize(file, 256<<10), left: info.Size()}
	for {
		r, err := reader.next()
		if errors.Is(err, io.EOF) {
			return sum, nil
		}
		if err != nil {
			return sum, err
		}
		if r.kind == recordSum {
			if sum != 0 && r.sum != sum {
				return sum, fmt.Errorf("%w: %s: checksum chain broken", ErrMalformed, path)
			}
			sum = r.sum
			continue
		}
		if sum = crc32.Update(sum, castagnoli, r.data); sum != r.sum {
			return sum, errTorn
		}
		if err := visit(r); err != nil {
			return sum, err
		}
	}
}

type fileReader struct {
	in   *bufio.Reader
	left int64
	data []byte
}

// next reads one frame: eight bytes of length, whose upper byte tells the padding, and the record. Zero length is the
// part of the file that was reserved and never written.
func (f *fileReader) next() (record, error) {
	var head [8]byte
	if f.left < int64(len(head)) {
		return record{}, io.EOF
	}
	if _, err := io.ReadFull(f.in, head[:]); err != nil {
		return record{}, err
	}
	f.left -= int64(len(head))
	field := binary.LittleEndian.Uint64(head[:])
	if field == 0 {
		return record{}, io.EOF
	}
	length, padding := int64(field&^(uint64(0xff)<<56)), int64(0)
	if field>>63 != 0 {
		padding = int64(field >> 56 & 7)
	}
	if length > maxRecord || length+padding > f.left {
		return record{}, errTorn
	}
	f.left -= length + padding
	if int64(cap(f.data)) < length+padding {
		f.data = make([]byte, length+padding)
	}
	f.data = f.data[:length+padding]
	if _, err := io.ReadFull(f.in, f.data); err != nil {
		return record{}, err
	}
	return parseRecord(f.data[:length])
}

func parseRecord(message []byte) (record, error) {
	var r record
	err := protobuf.Each(message, func(f protobuf.Field) error {
		switch f.Number {
		case 1:
			r.kind = f.Value
		case 2:
			r.sum = uint32(f.Value)
		case 3:
			r.data = f.Bytes
		}
		return nil
	})
	if err != nil {
		return record{}, errTorn
	}
	return r, nil
}
