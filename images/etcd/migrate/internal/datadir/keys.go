package datadir

import (
	"encoding/binary"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/bolt"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/protobuf"
)

// KeyValue is a live key: the newest revision of a key that is not deleted.
type KeyValue struct {
	Key, Value string
	Lease      int64
}

type position struct{ main, sub int64 }

// EachLiveKey visits the live keys of a database in the order of their last change. It holds all keys, not all values, in
// memory.
func EachLiveKey(path string, visit func(KeyValue) error) error {
	file, err := bolt.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	keys, err := file.Bucket("key")
	if err != nil {
		return err
	}
	newest := map[string]position{}
	err = keys.Each(func(at, value []byte) error {
		record, err := parseKeyValue(value)
		if err == nil && len(at) >= 17 {
			newest[record.Key] = positionOf(at)
		}
		return err
	})
	if err != nil {
		return err
	}
	return keys.Each(func(at, value []byte) error {
		record, err := parseKeyValue(value)
		if err != nil || len(at) != 17 || newest[record.Key] != positionOf(at) { // a tombstone has one byte more
			return err
		}
		return visit(record)
	})
}

func positionOf(at []byte) position {
	return position{int64(binary.BigEndian.Uint64(at)), int64(binary.BigEndian.Uint64(at[9:]))}
}

func parseKeyValue(message []byte) (kv KeyValue, err error) {
	err = protobuf.Each(message, func(f protobuf.Field) error {
		switch f.Number {
		case 1:
			kv.Key = string(f.Bytes)
		case 5:
			kv.Value = string(f.Bytes)
		case 6:
			kv.Lease = int64(f.Value)
		}
		return nil
	})
	return kv, err
}
