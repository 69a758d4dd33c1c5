//go:build etcd

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestTimes prints, side by side, what it takes to start and stop an etcd on 100 MB of data until its cluster version has moved, with etcd's own
// timing and with that of the temporary one; and to let migrate do the same, with a backup and without.
func TestTimes(t *testing.T) {
	if os.Getenv("MIGRATE_TIMES") == "" {
		t.Skip("set MIGRATE_TIMES to measure")
	}
	s := newSetup(t, v33, v34, v35)
	s.migrate(t, 0, v33)
	etcd := s.start(t, v33)
	value := []byte(strings.Repeat("0123456789abcdef", 1024))
	for i := 0; i < 6400; i += 40 {
		var requests []object
		for j := i; j < i+40; j++ {
			requests = append(requests, object{"request_put": object{"key": []byte(fmt.Sprintf("/big/%06d", j)), "value": value}})
		}
		etcd.post("/kv/txn", object{"success": requests}, nil)
	}
	etcd.stop()
	info, err := os.Stat(filepath.Join(s.dir, "member", "snap", "db"))
	if err != nil {
		t.Fatal(err)
	}
	template := s.dir + "-template"
	copyDir(t, s.dir, template)
	measure := func(work func()) time.Duration {
		best := time.Hour
		for i := 0; i < 3; i++ {
			clean(t, s.dir)
			copyDir(t, template, s.dir)
			begin := time.Now()
			work()
			if took := time.Since(begin); took < best {
				best = took
			}
		}
		return best.Round(time.Millisecond)
	}
	t.Logf("database of %d MiB, best of 3", info.Size()>>20)
	t.Logf("etcd 3.4 start, cluster version 3.4, stop       %v", measure(func() { s.start(t, v34, "--heartbeat-interval=100", "--election-timeout=1000").stop() }))
	t.Logf("the same with a short election timeout          %v", measure(func() { s.start(t, v34).stop() }))
	t.Logf("migrate 3.3 to 3.5 (runs 3.4), no backup        %v", measure(func() { s.migrate(t, 0, v35, "--backup=off") }))
	t.Logf("migrate 3.3 to 3.5 (runs 3.4), verified backup  %v", measure(func() { s.migrate(t, 0, v35) }))
	t.Logf("migrate 3.3 to 3.4 (runs nothing), backup       %v", measure(func() { s.migrate(t, 0, v34) }))
	t.Logf("migrate to the same version                     %v", measure(func() { s.migrate(t, 0, "3.3.10") }))
}
