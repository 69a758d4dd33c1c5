package waltest

import "encoding/binary"

// Number is a field with a number.
func Number(field, value uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(nil, field<<3), value)
}

// Bytes is a field with bytes.
func Bytes(field uint64, value []byte) []byte {
	head := binary.AppendUvarint(binary.AppendUvarint(nil, field<<3|2), uint64(len(value)))
	return append(head, value...)
}

// V2 is a request of the v2 API, as etcd up to 3.5 writes it.
func V2(method, path, value string) []byte {
	request := append(Number(1, 7), Bytes(2, []byte(method))...)
	return append(append(request, Bytes(3, []byte(path))...), Bytes(4, []byte(value))...)
}

// V2Inside is the same inside a request of the v3 API.
func V2Inside(method, path, value string) []byte {
	return append(Number(1, 7), Bytes(2, V2(method, path, value))...)
}

// Put writes a key through the v3 API.
func Put(key, value string) []byte {
	return Bytes(4, append(Bytes(1, []byte(key)), Bytes(2, []byte(value))...))
}

// Compaction compacts the history up to a revision.
func Compaction(revision uint64) []byte { return Bytes(7, Number(1, revision)) }

// ClusterVersion sets the cluster version as etcd from 3.6 on does.
func ClusterVersion(text string) []byte { return Bytes(1300, Bytes(1, []byte(text))) }
