package migration

import (
	"encoding/binary"
	"hash/crc32"
	"os"
	"testing"
)

// writeSnapshotFile makes a raft snapshot whose v2 store holds a user's key.
func writeSnapshotFile(t *testing.T, path string) {
	t.Helper()
	store := []byte(`{"Root":{"Path":"/","Children":{"1":{"Path":"/1","Children":{"x":{"Path":"/1/x","Value":"y"}}}}}}`)
	metadata := []byte{0x10, 0x03, 0x18, 0x02} // index 3, term 2
	message := append([]byte{0x0a}, field(store)...)
	message = append(append(message, 0x12), field(metadata)...)
	sum := crc32.Checksum(message, crc32.MakeTable(crc32.Castagnoli))
	content := binary.AppendUvarint([]byte{0x08}, uint64(sum))
	content = append(append(content, 0x12), field(message)...)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
