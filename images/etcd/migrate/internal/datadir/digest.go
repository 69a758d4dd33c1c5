package datadir

import (
	"encoding/binary"
	"fmt"
	"hash"
	"hash/crc32"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/bolt"
)

// Digest sums up the keys and leases of a database, to compare it with another one that should hold the same.
type Digest struct {
	Revision, CompactRevision int64
	Keys, Leases              DigestPart
}

// DigestPart is the number of records, their bytes, and two checksums of them in order.
type DigestPart struct {
	Count, Bytes     int64
	Castagnoli, IEEE uint32
}

// Range is revisions, both ends included. The zero Range is all of them.
type Range struct{ First, Last int64 }

// DigestDatabase sums up a range of revisions, and every lease.
func DigestDatabase(path string, within Range) (Digest, error) {
	facts, err := ReadDatabase(path)
	if err != nil {
		return Digest{}, err
	}
	file, err := bolt.Open(path)
	if err != nil {
		return Digest{}, err
	}
	defer file.Close()
	d := Digest{Revision: facts.Revision, CompactRevision: facts.CompactRevision}
	if d.Keys, err = digest(file, "key", func(key []byte) bool {
		r := revision(key)
		return r >= within.First && (within.Last == 0 || r <= within.Last)
	}); err != nil {
		return d, err
	}
	d.Leases, err = digest(file, "lease", func([]byte) bool { return true })
	return d, err
}

func digest(file *bolt.File, name string, include func(key []byte) bool) (part DigestPart, err error) {
	bucket, err := file.Bucket(name)
	if err != nil {
		return part, err
	}
	sums := []hash.Hash32{crc32.New(crc32.MakeTable(crc32.Castagnoli)), crc32.NewIEEE()}
	err = bucket.Each(func(key, value []byte) error {
		if !include(key) {
			return nil
		}
		var lengths [16]byte
		binary.LittleEndian.PutUint64(lengths[:], uint64(len(key)))
		binary.LittleEndian.PutUint64(lengths[8:], uint64(len(value)))
		for _, sum := range sums {
			sum.Write(lengths[:])
			sum.Write(key)
			sum.Write(value)
		}
		part.Count++
		part.Bytes += int64(len(key) + len(value))
		return nil
	})
	part.Castagnoli, part.IEEE = sums[0].Sum32(), sums[1].Sum32()
	return part, err
}

// SameData returns an error unless a copy holds the same revisions and leases as the original.
func SameData(original, copied string) error {
	want, got, err := digests(original, copied, 0)
	if err != nil {
		return err
	}
	want.CompactRevision, got.CompactRevision = 0, 0
	if want != got {
		return different(want, got)
	}
	return nil
}

// SameHistory returns an error unless a snapshot holds what the database held at the snapshot's revision. Leases may have
// expired since.
func SameHistory(database, snapshot string) error {
	facts, err := ReadDatabase(snapshot)
	if err != nil {
		return err
	}
	want, got, err := digests(database, snapshot, facts.Revision)
	if err == nil && want.Keys != got.Keys {
		err = different(want, got)
	}
	return err
}

// digests leaves out what a compaction that is still under way may remove in one of the two and not yet in the other.
func digests(a, b string, last int64) (x, y Digest, err error) {
	within := Range{Last: last}
	for _, path := range []string{a, b} {
		facts, err := ReadDatabase(path)
		if err != nil {
			return x, y, err
		}
		if facts.CompactScheduled > facts.CompactRevision || last > 0 {
			within.First = larger(within.First, larger(facts.CompactScheduled, facts.CompactRevision)+1)
		}
	}
	if x, err = DigestDatabase(a, within); err == nil {
		y, err = DigestDatabase(b, within)
	}
	return x, y, err
}

func larger(a, b int64) int64 {
	if a > b {
		return a
	}
	return b
}

func different(want, got Digest) error {
	return fmt.Errorf("the data differs: revision %d with %d records and %d leases became revision %d with %d and %d",
		want.Revision, want.Keys.Count, want.Leases.Count, got.Revision, got.Keys.Count, got.Leases.Count)
}
