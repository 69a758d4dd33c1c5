//go:build etcd

package e2e

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/datadir"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/etcd"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
)

// atHand is the newest patch of a minor; the test is skipped where ETCD_BINARIES has none, since the Debian archive lacks some.
func atHand(t *testing.T, minor string) string {
	t.Helper()
	v := newest(minor)
	if v == "" {
		t.Skipf("ETCD_BINARIES holds no etcd %s", minor)
	}
	return v
}

// survives migrates, lets the target serve twice, and compares the history of the database.
func (s *setup) survives(t *testing.T, to string, more ...string) {
	t.Helper()
	before := filepath.Join(t.TempDir(), "before.db")
	data, err := os.ReadFile(datadir.Paths{Data: s.dir}.Database())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(before, data, 0o600); err != nil {
		t.Fatal(err)
	}
	s.migrate(t, 0, to)
	for i := 0; i < 2; i++ {
		s.start(t, to, more...).stop()
	}
	if err := datadir.SameHistory(datadir.Paths{Data: s.dir}.Database(), before); err != nil {
		t.Error(err)
	}
}

// TestAuthOnTheWayToTheNewest: with auth on, some versions refuse what settles a log; starts alone do.
func TestAuthOnTheWayToTheNewest(t *testing.T) {
	all := minors(t)
	for _, from := range []string{"3.0", "3.1", "3.2", "3.3", "3.4", "3.5", "3.6"} {
		t.Run(from, func(t *testing.T) {
			v := atHand(t, from)
			s := newSetup(t, all...)
			etcd := s.start(t, v)
			etcd.fill(50)
			etcd.post("/auth/user/add", object{"name": "root", "password": "secret"}, nil)
			etcd.post("/auth/role/add", object{"name": "root"}, nil)
			etcd.post("/auth/user/grant", object{"user": "root", "role": "root"}, nil)
			etcd.post("/auth/enable", object{}, nil)
			etcd.stop()
			s.survives(t, atHand(t, "3.7"))
			mustContain(t, s.migrate(t, 2, atHand(t, "3.6")), "ETCDCTL_USER")
			s.env = []string{"ETCDCTL_USER=root", "ETCDCTL_PASSWORD=not-that-secret"}
			if output := s.migrate(t, 1, atHand(t, "3.6")); !strings.Contains(output, "authentication failed") || strings.Contains(output, "not-that-secret") {
				t.Error(output)
			}
			s.env = []string{"ETCDCTL_USER=root:secret"}
			s.survives(t, atHand(t, "3.6"))
		})
	}
}

// TestSeparateLogToTheNewestAndBack goes up with a log elsewhere, and back as far as the versions at hand go.
func TestSeparateLogToTheNewestAndBack(t *testing.T) {
	all := minors(t)
	s := newSetup(t, all...)
	wal := filepath.Join(t.TempDir(), "wal")
	s.arguments = []string{"--wal-dir=" + wal}
	first := atHand(t, "3.0")
	etcd := s.start(t, first, "--wal-dir="+wal)
	etcd.write()
	etcd.stop()
	s.survives(t, atHand(t, "3.7"), "--wal-dir="+wal)
	for i := len(all) - 2; all[i] != first; i-- {
		s.survives(t, all[i], "--wal-dir="+wal)
	}
}

// TestQuorumReadsDoNotStop36: each /health of 3.3 is a quorum read in the log, which the user's own way up through 3.5 leaves there.
func TestQuorumReadsDoNotStop36(t *testing.T) {
	s := newSetup(t, minors(t)...)
	for _, minor := range []string{"3.3", "3.4", "3.5"} { // one by one, as a user goes: migrate runs nothing
		v := atHand(t, minor)
		s.migrate(t, 0, v)
		etcd := s.start(t, v)
		if minor == "3.3" {
			etcd.fill(50)
			for i := 0; i < 5; i++ {
				etcd.get("/health")
			}
		}
		etcd.stop()
	}
	s.survives(t, atHand(t, "3.6"))
}

// TestClusterDownFromTheNewest: three members with TLS between them go from 3.7 to 3.6 and to 3.5 with one snapshot for all.
func TestClusterDownFromTheNewest(t *testing.T) {
	c := newTrio(t)
	for i, s := range c.setups {
		s.migrate(t, 0, atHand(t, "3.7"))
		c.start(i, atHand(t, "3.7"))
	}
	c.check(0, "--expect-version=3.7")
	c.servers[0].fill(200)
	before := c.servers[0].content()
	for _, minor := range []string{"3.6", "3.5"} {
		to := atHand(t, minor)
		snapshot := filepath.Join(t.TempDir(), "all.db")
		c.check(0, "--snapshot="+snapshot)
		for i := range c.setups {
			c.servers[i].stop()
		}
		for _, s := range c.setups {
			mustContain(t, s.migrate(t, 0, to, "--from-snapshot="+snapshot), "step=try")
		}
		for i := range c.setups {
			c.start(i, to)
		}
		c.check(0, "--expect-version="+minor)
		for _, server := range c.servers {
			same(t, before, server.content())
		}
	}
}

// TestClusterUpToTheNewest rolls three members to 3.7, minor by minor. What the next one cannot read of the log is refused with what to do: coming from 3.3
// the quorum reads in front of 3.6, coming from 3.5 its own records in front of 3.7. After that it goes on.
func TestClusterUpToTheNewest(t *testing.T) {
	for first, refused := range map[string]string{"3.3": "3.6", "3.5": "3.7"} {
		t.Run("from "+first, func(t *testing.T) {
			c := newTrio(t)
			for _, minor := range []string{"3.3", "3.4", "3.5", "3.6", "3.7"} {
				switch {
				case minor < first:
					continue
				case minor == refused:
					c.settle(atHand(t, minor))
				}
				c.roll(atHand(t, minor))
				if minor == first {
					c.servers[0].fill(200)
					for _, server := range c.servers {
						server.get("/health") // up to 3.4.28 a quorum read in every log
					}
				}
			}
		})
	}
}

// settle is refused to go to a version, and does what the message says.
func (c *trio) settle(to string) {
	c.t.Helper()
	running := c.servers[0].version
	c.servers[0].stop()
	mustContain(c.t, c.setups[0].migrate(c.t, 2, to), "--snapshot-count=1")
	output, _ := exec.Command(program, "cluster", "check", "--endpoints="+c.servers[1].url, "--data-dir="+c.setups[0].dir).CombinedOutput()
	mustContain(c.t, string(output), "--snapshot-count=1")
	for i := range c.setups {
		c.servers[i].stop()
		c.start(i, running, "--snapshot-count=1")
		c.check(0)
	}
	c.servers[0].put(10, "more", 1)
	for _, server := range c.servers {
		server.content() // a read behind the last write, so that it has arrived
	}
}

// roll stops, migrates and starts the members one by one, and compares what they hold.
func (c *trio) roll(to string) {
	c.t.Helper()
	before := ""
	for i, s := range c.setups {
		if c.servers[i] != nil {
			before = c.servers[i].content()
			c.servers[i].stop()
		}
		s.migrate(c.t, 0, to)
		c.start(i, to)
		if before != "" {
			c.check(0)
		}
	}
	c.check(0, "--expect-version="+to[:strings.LastIndex(to, ".")])
	for _, server := range c.servers {
		if before != "" {
			same(c.t, before, server.content())
		}
	}
}

// TestLargeDataToTheNewest: 150 MB go up from 3.3 and down again. MIGRATE_LARGE is set to run it.
func TestLargeDataToTheNewest(t *testing.T) {
	if os.Getenv("MIGRATE_LARGE") == "" {
		t.Skip("set MIGRATE_LARGE to go with 150 MB")
	}
	s := newSetup(t, minors(t)...)
	etcd := s.start(t, atHand(t, "3.3"))
	value := []byte(strings.Repeat("0123456789abcdef", 1024))
	for i := 0; i < 9600; i += 40 {
		var requests []object
		for j := i; j < i+40; j++ {
			requests = append(requests, object{"request_put": object{"key": []byte(fmt.Sprintf("/big/%06d", j)), "value": value}})
		}
		etcd.post("/kv/txn", object{"success": requests}, nil)
	}
	etcd.stop()
	s.survives(t, atHand(t, "3.7"))
	s.survives(t, atHand(t, "3.6"))
}

// TestDeletedV2KeysDoNotStop36: keys of the v2 API stop the way to 3.6 until they are deleted; what the log then holds of them does not, although one with
// a lifetime made etcd write an entry twice a second.
func TestDeletedV2KeysDoNotStop36(t *testing.T) {
	s := newSetup(t, minors(t)...)
	v35, v36 := atHand(t, "3.5"), atHand(t, "3.6")
	etcd := s.start(t, v35, "--enable-v2")
	etcd.fill(50)
	etcd.put2("/a/b", "x", "")
	etcd.put2("/a/c", "y", "3600")
	etcd.get("/v2/keys/a/b?quorum=true")
	etcd.stop()
	mustContain(t, s.migrate(t, 2, v36), "v2 store holds keys")
	etcd = s.start(t, v35, "--enable-v2")
	request, err := http.NewRequest(http.MethodDelete, etcd.url+"/v2/keys/a?recursive=true", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatal(err, response)
	}
	response.Body.Close()
	etcd.stop()
	s.survives(t, v36)
	s.survives(t, atHand(t, "3.7"))
}

// TestDowngradeThatIsUnderWay: somebody enabled the downgrade from 3.7, and stopped etcd at some moment after that.
func TestDowngradeThatIsUnderWay(t *testing.T) {
	v36, v37 := atHand(t, "3.6"), atHand(t, "3.7")
	for name, reached := range map[string]string{"enabled": "", "cluster version": `"etcdcluster":"3.6`, "storage version": `"storage":"3.6`} {
		t.Run(name, func(t *testing.T) {
			s := newSetup(t, minors(t)...)
			etcd := s.start(t, v37)
			etcd.fill(50)
			for deadline := time.Now().Add(30 * time.Second); !strings.Contains(etcd.get("/version"), `"storage":"3.7`) && time.Now().Before(deadline); {
				time.Sleep(50 * time.Millisecond)
			}
			if output, err := exec.Command(filepath.Join(binaries, "etcdctl-"+v37), "--endpoints="+etcd.url, "downgrade", "enable", "3.6").CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, output)
			}
			for deadline := time.Now().Add(30 * time.Second); !strings.Contains(etcd.get("/version"), reached) && time.Now().Before(deadline); {
				time.Sleep(5 * time.Millisecond)
			}
			etcd.stop()
			s.survives(t, v36)
		})
	}
}

// TestV2KeysArePassedOver: where nobody can delete the keys of the v2 API, 3.6 is told to go on without them, and migrate too.
func TestV2KeysArePassedOver(t *testing.T) {
	const skip = "--v2-deprecation=write-only-skip-check"
	if v, err := version.Parse(atHand(t, "3.6")); err != nil || !etcd.CanSkipV2Check(v) {
		t.Skipf("etcd %s does not know %s", v, skip)
	}
	s := newSetup(t, minors(t)...)
	old := s.start(t, atHand(t, "3.5"), "--enable-v2")
	old.fill(50)
	old.put2("/a/b", "x", "")
	old.stop()
	mustContain(t, s.migrate(t, 2, atHand(t, "3.6")), skip)
	s.env = []string{"ETCD_CREDS=" + skip}
	s.survives(t, atHand(t, "3.6"), skip)
	s.env = nil
	s.survives(t, atHand(t, "3.7"))
}
