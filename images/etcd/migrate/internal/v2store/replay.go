package v2store

import (
	"context"
	"fmt"
	"strings"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/datadir"
)

// Counts is what a replay did.
type Counts struct{ Written, Leased, Skipped int }

// Replay writes the live keys of a v3 database into a v2 store, then reads each back. Keys without a leading slash have no place in a v2 store and
// are skipped; any other that it cannot hold ends the replay with an error, so that nothing is lost unnoticed.
func Replay(ctx context.Context, database string, store *Store) (Counts, error) {
	var counts Counts
	err := datadir.EachLiveKey(database, func(kv datadir.KeyValue) error {
		if !strings.HasPrefix(kv.Key, "/") {
			counts.Skipped++
			return nil
		}
		counts.Written++
		if kv.Lease != 0 {
			counts.Leased++
		}
		return store.Put(ctx, kv)
	})
	if err != nil {
		return counts, err
	}
	return counts, datadir.EachLiveKey(database, func(kv datadir.KeyValue) error {
		if !strings.HasPrefix(kv.Key, "/") {
			return nil
		}
		value, leased, err := store.Get(ctx, kv.Key)
		if err != nil {
			return fmt.Errorf("reading %.100q back: %w", kv.Key, err)
		}
		if value != kv.Value || leased != (kv.Lease != 0) {
			return fmt.Errorf("%.100q did not come back as it was written", kv.Key)
		}
		return nil
	})
}
