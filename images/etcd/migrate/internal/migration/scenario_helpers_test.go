package migration

import (
	"path/filepath"
	"testing"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/waltest"
)

// addSnapshot makes a raft snapshot at the end of the log, whose v2 store holds a user's key.
func (b *bench) addSnapshot(t *testing.T) {
	t.Helper()
	log, err := waltest.Open(filepath.Join(b.dir, "member", "wal"))
	if err != nil {
		t.Fatal(err)
	}
	store := `{"Root":{"Path":"/","Children":{"1":{"Path":"/1","Children":{"x":{"Path":"/1/x","Value":"y"}}}}}}`
	if err := log.WriteSnapshot(filepath.Join(b.dir, "member", "snap"), store, 1); err != nil {
		t.Fatal(err)
	}
	if err := log.Name(); err != nil {
		t.Fatal(err)
	}
}
