package bolt

import (
	"encoding/binary"
	"fmt"
)

// node is one page of keys, with the pages it overflows into.
type node struct {
	data []byte // begins with the page header
	leaf bool
	n    int
}

// readNode reads page number id into buffer, growing it as needed.
func (f *File) readNode(id uint64, buffer []byte) (node, []byte, error) {
	if id >= f.pages {
		return node{}, buffer, fmt.Errorf("%w: page %d is beyond the end", ErrMalformed, id)
	}
	offset := int64(id) * f.pageSize
	buffer = sized(buffer, f.pageSize)
	if _, err := f.file.ReadAt(buffer, offset); err != nil {
		return node{}, buffer, fmt.Errorf("page %d: %w", id, err)
	}
	if overflow := int64(binary.LittleEndian.Uint32(buffer[12:])); overflow > 0 {
		length := (overflow + 1) * f.pageSize
		if length > maxNode || length > f.size-offset {
			return node{}, buffer, fmt.Errorf("%w: page %d overflows the file", ErrMalformed, id)
		}
		buffer = sized(buffer, length)
		if _, err := f.file.ReadAt(buffer, offset); err != nil {
			return node{}, buffer, fmt.Errorf("page %d: %w", id, err)
		}
	}
	if stated := binary.LittleEndian.Uint64(buffer); stated != id {
		return node{}, buffer, fmt.Errorf("%w: page %d says that it is page %d", ErrMalformed, id, stated)
	}
	parsed, err := parseNode(buffer)
	return parsed, buffer, err
}

func sized(buffer []byte, length int64) []byte {
	if int64(cap(buffer)) < length {
		return make([]byte, length)
	}
	return buffer[:length]
}

func parseNode(data []byte) (node, error) {
	if len(data) < headerSize {
		return node{}, fmt.Errorf("%w: short page", ErrMalformed)
	}
	p := node{data: data, n: int(binary.LittleEndian.Uint16(data[10:]))}
	switch flags := binary.LittleEndian.Uint16(data[8:]); {
	case flags&flagLeaf != 0:
		p.leaf = true
	case flags&flagBranch == 0:
		return node{}, fmt.Errorf("%w: a page of kind %#x where keys should be", ErrMalformed, flags)
	}
	if headerSize+p.n*16 > len(data) {
		return node{}, fmt.Errorf("%w: more elements than a page holds", ErrMalformed)
	}
	return p, nil
}

// element is one entry of a node: a key with its value, or with the page of its subtree.
type element struct {
	bucket     bool
	key, value []byte
	child      uint64
}

func (p node) element(i int) (element, error) {
	at := headerSize + i*16
	head := p.data[at:]
	if !p.leaf {
		key, err := p.slice(at, binary.LittleEndian.Uint32(head), 0, binary.LittleEndian.Uint32(head[4:]))
		return element{key: key, child: binary.LittleEndian.Uint64(head[8:])}, err
	}
	position, keySize, valueSize := binary.LittleEndian.Uint32(head[4:]), binary.LittleEndian.Uint32(head[8:]), binary.LittleEndian.Uint32(head[12:])
	key, err := p.slice(at, position, 0, keySize)
	if err != nil {
		return element{}, err
	}
	value, err := p.slice(at, position, keySize, valueSize)
	return element{bucket: binary.LittleEndian.Uint32(head)&1 != 0, key: key, value: value}, err
}

// slice takes length bytes at a position that is relative to the element.
func (p node) slice(at int, position, skip, length uint32) ([]byte, error) {
	begin := int64(at) + int64(position) + int64(skip)
	if begin+int64(length) > int64(len(p.data)) {
		return nil, fmt.Errorf("%w: an element points outside its page", ErrMalformed)
	}
	return p.data[begin : begin+int64(length)], nil
}
