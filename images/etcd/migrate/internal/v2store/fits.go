package v2store

import (
	"fmt"
	"path"
	"strings"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/datadir"
)

// Fits returns an error for the first live key of a v3 database that a v2 store cannot hold: by itself, or since another key lies below it. Keys without
// a leading slash are left out, as Replay does.
func Fits(database string) error {
	keys := map[string]bool{}
	err := datadir.EachLiveKey(database, func(kv datadir.KeyValue) error {
		if !strings.HasPrefix(kv.Key, "/") {
			return nil
		}
		keys[kv.Key] = true
		return Check(kv)
	})
	if err != nil {
		return err
	}
	for key := range keys {
		for parent := path.Dir(key); parent != "/"; parent = path.Dir(parent) {
			if keys[parent] {
				return fmt.Errorf("%w: %.100q is a key, and %.100q lies below it", ErrNotRepresentable, parent, key)
			}
		}
	}
	return nil
}
