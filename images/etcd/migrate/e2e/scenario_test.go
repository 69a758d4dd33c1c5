//go:build etcd

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// seeded is a setup with data of a version, and what the data is.
func seeded(t testing.TB, version string, versions ...string) (*setup, string) {
	s := newSetup(t, versions...)
	s.migrate(t, 0, version)
	etcd := s.start(t, version)
	etcd.fill(300)
	content := etcd.content()
	etcd.stop()
	return s, content
}

func (s *setup) holds(t testing.TB, version, content string, more ...string) {
	t.Helper()
	etcd := s.start(t, version, more...)
	same(t, content, etcd.content())
	etcd.stop()
}

// TestInheritedVariablesDoNotReachEtcd: variables that would make every etcd from 3.4 on refuse to start.
func TestInheritedVariablesDoNotReachEtcd(t *testing.T) {
	s, content := seeded(t, v33, v33, v34, v35)
	s.env = []string{"ETCD_NAME=m", "ETCD_DATA_DIR=/nowhere", "ETCD_INITIAL_CLUSTER=x=http://x:1", "ETCD_LISTEN_CLIENT_URLS=http://0.0.0.0:1", "ETCD_DEBUG=true"}
	s.migrate(t, 0, v35)
	s.holds(t, v35, content)
}

// TestTemporaryEtcdListensElsewhereToo: the temporary etcd listens elsewhere too, and is asked at its own address.
func TestTemporaryEtcdListensElsewhereToo(t *testing.T) {
	s, content := seeded(t, v33, v33, v34, v35)
	s.env = []string{fmt.Sprintf("LISTEN_CLIENT_URLS=http://127.0.0.2:%d", freePort(t))}
	s.migrate(t, 0, v35)
	s.holds(t, v35, content)
}

// TestLostDataIsPutBackFromTheBackup: the data directory is lost and a backup is there.
func TestLostDataIsPutBackFromTheBackup(t *testing.T) {
	s, content := seeded(t, v35, v34, v35)
	s.migrate(t, 0, v34)
	if err := os.RemoveAll(s.dir); err != nil {
		t.Fatal(err)
	}
	mustContain(t, s.migrate(t, 2, v34), ".bak")
	if err := os.Rename(s.dir+".bak", s.dir); err != nil { // what the message says to do
		t.Fatal(err)
	}
	s.migrate(t, 0, v35)
	s.holds(t, v35, content)
}

// TestDirectoryOfALiveEtcdIsRefused: a live etcd holds the directory.
func TestDirectoryOfALiveEtcdIsRefused(t *testing.T) {
	for _, v := range []string{v33, v34, v35} {
		s, _ := seeded(t, v, v33, v34, v35)
		etcd := s.start(t, v)
		target := v34
		if v == v34 {
			target = v35
		}
		mustContain(t, s.migrate(t, 4, target), "running etcd")
		etcd.stop()
	}
}

// TestSeparateLogThereAndBack: a separate log, there and back.
func TestSeparateLogThereAndBack(t *testing.T) {
	s := newSetup(t, v33, v34, v35)
	wal := filepath.Join(t.TempDir(), "wal")
	s.env = []string{"ETCD_CREDS=--wal-dir=" + wal}
	s.migrate(t, 0, v33)
	etcd := s.start(t, v33, "--wal-dir="+wal)
	etcd.fill(300)
	content := etcd.content()
	etcd.stop()
	s.migrate(t, 0, v35)
	s.holds(t, v35, content, "--wal-dir="+wal)
	s.migrate(t, 0, v34)
	s.holds(t, v34, content, "--wal-dir="+wal)
	if entries, _ := filepath.Glob(wal + ".*"); len(entries) != 0 {
		t.Errorf("left over: %v", entries)
	}
}

// TestAuth: with auth on, a snapshot cannot be asked for; the way back works all the same.
func TestAuth(t *testing.T) {
	s, content := seeded(t, v35, v34, v35)
	etcd := s.start(t, v35)
	etcd.post("/auth/user/add", object{"name": "root", "password": "secret"}, nil)
	etcd.post("/auth/role/add", object{"name": "root"}, nil)
	etcd.post("/auth/user/grant", object{"user": "root", "role": "root"}, nil)
	etcd.post("/auth/enable", object{}, nil)
	etcd.stop()
	s.migrate(t, 0, v34)
	control := func(arguments ...string) {
		t.Helper()
		etcd := s.start(t, v34)
		defer etcd.stop()
		command := exec.Command(filepath.Join(binaries, "etcdctl-"+v34), append([]string{"--endpoints=" + etcd.url, "--user=root:secret", "--dial-timeout=2m", "--command-timeout=2m"}, arguments...)...)
		command.Env = []string{"ETCDCTL_API=3"}
		if output, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, output)
		}
	}
	control("auth", "disable")
	s.holds(t, v34, content)
}

// TestServe: one program migrates, becomes etcd, takes its signals and its exit code.
func TestServe(t *testing.T) {
	s, content := seeded(t, v34, v34, v35)
	client := fmt.Sprintf("http://127.0.0.1:%d", freePort(t))
	command := s.command(v35)
	command.Args = append([]string{program, "serve"}, command.Args[1:]...)
	command.Args = append(command.Args, "--", "--listen-client-urls="+client, "--advertise-client-urls="+client, "--heartbeat-interval=10", "--election-timeout=100")
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	e := &server{t: t, command: command, url: client, version: v35}
	e.await(v35)
	same(t, content, e.content())
	if link, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", command.Process.Pid)); err != nil || !strings.Contains(link, "etcd-"+v35) {
		t.Errorf("the process is %s, %v", link, err)
	}
	_ = command.Process.Signal(syscall.SIGTERM)
	ended := make(chan struct{})
	go func() { _ = command.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("etcd did not get the signal")
	}
}

// TestServeAfterFailureStartsWhatFits: a migration fails, and etcd is started or not, as was asked; if so, one that fits the data.
func TestServeAfterFailureStartsWhatFits(t *testing.T) {
	s, content := seeded(t, v33, v33, v35)
	client := fmt.Sprintf("http://127.0.0.1:%d", freePort(t))
	command := s.command(v35, "--on-failure=stop")
	command.Args = append([]string{program, "serve"}, command.Args[1:]...)
	if _ = command.Run(); command.ProcessState.ExitCode() != 2 {
		t.Errorf("exit code %d", command.ProcessState.ExitCode())
	}
	command = s.command(v35, "--on-failure=start-anyway")
	command.Args = append([]string{program, "serve"}, command.Args[1:]...)
	command.Args = append(command.Args, "--", "--listen-client-urls="+client, "--advertise-client-urls="+client)
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	e := &server{t: t, command: command, url: client, version: v33}
	e.await(v33)
	same(t, content, e.content())
	e.stop()
	s.migrate(t, 0, v35, "--on-failure=start-anyway")
}

// TestTerminated: SIGTERM stops the temporary etcd and ends with 143; the next run goes on.
func TestTerminated(t *testing.T) {
	s, content := seeded(t, v33, v33, v34, v35)
	command := s.command(v35)
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); exec.Command("pgrep", "-f", "etcd-"+v34+".*"+s.dir).Run() != nil && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	_ = command.Process.Signal(syscall.SIGTERM)
	_ = command.Wait()
	if code := command.ProcessState.ExitCode(); code != 143 {
		t.Errorf("exit code %d", code)
	}
	s.migrate(t, 0, v35)
	s.holds(t, v35, content)
}

// TestWrapper: the path that pods call, with everything in the environment.
func TestWrapper(t *testing.T) {
	s, content := seeded(t, v34, v34, v35)
	for name, source := range map[string]string{"migrate": program, "migrate-if-needed.sh": "../../migrate-if-needed.sh"} {
		data, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(s.bin, name), data, 0o555); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.Command(filepath.Join(s.bin, "migrate-if-needed.sh"), "--bin-dir="+s.bin)
	command.Env = []string{"ETCD_HOSTNAME=h", "DATA_DIRECTORY=" + s.dir, "TARGET_VERSION=" + v35, "TARGET_STORAGE=etcd3"}
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	s.holds(t, v35, content)
	if output, err := exec.Command(filepath.Join(s.bin, "etcd"), "--version").Output(); err != nil || !strings.Contains(string(output), v35) {
		t.Errorf("%s, %v", output, err)
	}
}

// TestUsedBetween: a downgrade fails after its snapshot, etcd is started all the same and written to, and the downgrade is tried again. What was written
// in between must be there: neither the old snapshot nor the old backup may be taken for the data.
func TestUsedBetween(t *testing.T) {
	s, _ := seeded(t, v35, v34, v35)
	tool := filepath.Join(s.bin, "etcdctl-"+v34)
	if err := os.Remove(tool); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(tool, []byte("#!/bin/sh\necho out of order >&2\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	mustContain(t, s.migrate(t, 1, v34), "out of order")
	etcd := s.start(t, v35)
	etcd.put(50, "in between", 1)
	content := etcd.content()
	etcd.stop()
	if err := os.Remove(tool); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(binaries, "etcdctl-"+v34), tool); err != nil {
		t.Fatal(err)
	}
	s.migrate(t, 0, v34)
	s.holds(t, v34, content)
	if _, err := os.Stat(s.dir + ".bak.1"); err != nil {
		t.Error("the backup of the first try passed for one of the second")
	}
}
