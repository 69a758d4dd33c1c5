// Package bolt reads the bbolt files in which etcd keeps its keys, without locking them, mapping them or trusting them.
// It is for files that no etcd is writing. Every offset, count and depth that a file states is checked.
package bolt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
)

// The fixed parts of the format.
const (
	magic         = 0xED0CDAED
	formatVersion = 2
	headerSize    = 16
	metaSize      = 64
	minPageSize   = 512
	maxPageSize   = 64 << 10
	maxDepth      = 64
	maxNode       = 1 << 30 // bytes of one page with its overflow: no etcd value comes near
)

// The kinds of pages that hold keys.
const (
	flagBranch = 0x01
	flagLeaf   = 0x02
)

// ErrMalformed reports a file that is not a bbolt database, or a damaged one.
var ErrMalformed = errors.New("damaged database")

// File is an open database.
type File struct {
	file     *os.File
	size     int64
	pageSize int64
	pages    uint64 // the number of pages in use: also the limit of any walk
	root     uint64
}

// Open reads the newer valid one of the two meta pages.
func Open(path string) (*File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", path)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	f := &File{file: file, size: info.Size()}
	if err := f.findMeta(); err != nil {
		file.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

// Close releases the file.
func (f *File) Close() error { return f.file.Close() }

type meta struct {
	pageSize, root, pages, transaction uint64
}

// findMeta looks for the first meta page, which states the page size, and for the second one at the sizes that systems use.
func (f *File) findMeta() error {
	best, found := f.readMeta(0)
	sizes := []int64{int64(best.pageSize)}
	if !found {
		for size := int64(minPageSize); size <= maxPageSize; size *= 2 {
			sizes = append(sizes, size)
		}
	}
	for _, size := range sizes {
		second, ok := f.readMeta(size)
		if !ok || int64(second.pageSize) != size {
			continue
		}
		if !found || second.transaction > best.transaction {
			best, found = second, true
		}
		break
	}
	if !found {
		return fmt.Errorf("%w: neither meta page is valid", ErrMalformed)
	}
	f.pageSize, f.root, f.pages = int64(best.pageSize), best.root, best.pages
	if limit := uint64(f.size/f.pageSize) + 1; f.pages > limit {
		f.pages = limit
	}
	return nil
}

func (f *File) readMeta(offset int64) (meta, bool) {
	var page [headerSize + metaSize]byte
	if _, err := f.file.ReadAt(page[:], offset); err != nil {
		return meta{}, false
	}
	b := page[headerSize:]
	sum := fnv.New64a()
	sum.Write(b[:56])
	if binary.LittleEndian.Uint32(b) != magic || binary.LittleEndian.Uint32(b[4:]) != formatVersion ||
		binary.LittleEndian.Uint64(b[56:]) != sum.Sum64() {
		return meta{}, false
	}
	m := meta{
		pageSize:    uint64(binary.LittleEndian.Uint32(b[8:])),
		root:        binary.LittleEndian.Uint64(b[16:]),
		pages:       binary.LittleEndian.Uint64(b[40:]),
		transaction: binary.LittleEndian.Uint64(b[48:]),
	}
	valid := m.pageSize >= minPageSize && m.pageSize <= maxPageSize && m.pageSize&(m.pageSize-1) == 0
	return m, valid
}
