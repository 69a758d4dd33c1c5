// Package protobuf walks the fields of a protocol buffer message without a schema. etcd's log, snapshots and records are
// such messages; a dependency for the few fields needed here would weigh more than this.
package protobuf

import (
	"encoding/binary"
	"errors"
)

// ErrMalformed reports bytes that are not a message.
var ErrMalformed = errors.New("malformed protocol buffer message")

// Field is one field of a message. Bytes is a part of the message, not a copy.
type Field struct {
	Number uint64
	Type   byte   // 0 varint, 1 eight bytes, 2 bytes, 5 four bytes
	Value  uint64 // of types 0, 1 and 5
	Bytes  []byte // of type 2
}

// Each calls visit for every field in order, and stops at its first error.
func Each(message []byte, visit func(Field) error) error {
	for len(message) > 0 {
		key, n := binary.Uvarint(message)
		if n <= 0 || key>>3 == 0 {
			return ErrMalformed
		}
		field := Field{Number: key >> 3, Type: byte(key & 7)}
		size, err := field.decode(message[n:])
		if err != nil {
			return err
		}
		message = message[n+size:]
		if err := visit(field); err != nil {
			return err
		}
	}
	return nil
}

// decode fills the field from the bytes that follow its key, and returns how many there were.
func (f *Field) decode(rest []byte) (int, error) {
	switch f.Type {
	case 0:
		value, n := binary.Uvarint(rest)
		if n <= 0 {
			return 0, ErrMalformed
		}
		f.Value = value
		return n, nil
	case 1:
		if len(rest) < 8 {
			return 0, ErrMalformed
		}
		f.Value = binary.LittleEndian.Uint64(rest)
		return 8, nil
	case 5:
		if len(rest) < 4 {
			return 0, ErrMalformed
		}
		f.Value = uint64(binary.LittleEndian.Uint32(rest))
		return 4, nil
	case 2:
		length, n := binary.Uvarint(rest)
		if n <= 0 || length > uint64(len(rest)-n) {
			return 0, ErrMalformed
		}
		f.Bytes = rest[n : n+int(length)]
		return n + int(length), nil
	}
	return 0, ErrMalformed
}

// Numbers reads a repeated integer field in either of its encodings, one by one or packed.
func Numbers(f Field) ([]uint64, error) {
	if f.Type != 2 {
		return []uint64{f.Value}, nil
	}
	var numbers []uint64
	for rest := f.Bytes; len(rest) > 0; {
		value, n := binary.Uvarint(rest)
		if n <= 0 {
			return nil, ErrMalformed
		}
		numbers = append(numbers, value)
		rest = rest[n:]
	}
	return numbers, nil
}
