//go:build etcd

package e2e

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
)

// The versions that most tests go through: of what ETCD_BINARIES holds, the oldest patch of each minor, and the newest 3.5. Empty if there is none.
var v33, v34, v35, v35b string

var (
	binaries string // where etcd-<version> are
	program  string // the built migrate
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	binaries = os.Getenv("ETCD_BINARIES")
	if binaries == "" {
		fmt.Fprintln(os.Stderr, "these tests need ETCD_BINARIES, a folder that testdata/fetch-etcd.sh has filled")
		return 1
	}
	v33, v34, v35, v35b = oldest("3.3"), oldest("3.4"), oldest("3.5"), newest("3.5")
	folder, err := os.MkdirTemp("", "migrate-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder)
	program = filepath.Join(folder, "migrate")
	build := exec.Command("go", "build", "-o", program, "..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%v: %s", err, output)
		return 1
	}
	return m.Run()
}

// bundle makes a folder of programs as the image has it: links to the binaries of some versions.
func bundle(t testing.TB, versions ...string) string {
	t.Helper()
	folder := t.TempDir()
	for _, v := range versions {
		if v == "" {
			t.Skip("ETCD_BINARIES lacks a minor that this test goes through")
		}
		for _, name := range []string{"etcd", "etcdctl", "etcdutl"} {
			source := filepath.Join(binaries, name+"-"+v)
			if _, err := os.Stat(source); err != nil {
				if name == "etcdutl" {
					continue
				}
				t.Fatalf("ETCD_BINARIES lacks %s-%s", name, v)
			}
			if err := os.Symlink(source, filepath.Join(folder, name+"-"+v)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return folder
}

// patches are the versions of a minor that ETCD_BINARIES holds, in order.
func patches(minor string) version.Bundle {
	names, err := filepath.Glob(filepath.Join(binaries, "etcd-"+minor+".*"))
	if err != nil {
		return nil
	}
	var texts []string
	for _, name := range names {
		texts = append(texts, strings.TrimPrefix(filepath.Base(name), "etcd-"))
	}
	all, _ := version.NewBundle(texts)
	return all
}

// atHandAll is every version that ETCD_BINARIES holds.
func atHandAll() []string {
	var all []string
	for _, v := range append(patches("2"), patches("3")...) {
		all = append(all, v.String())
	}
	return all
}

func oldest(minor string) string {
	if all := patches(minor); len(all) > 0 {
		return all[0].String()
	}
	return ""
}

func newest(minor string) string {
	if all := patches(minor); len(all) > 0 {
		return all[len(all)-1].String()
	}
	return ""
}

func freePort(t testing.TB) int {
	t.Helper()
	given.Lock()
	defer given.Unlock()
	for {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := listener.Addr().(*net.TCPAddr).Port
		listener.Close()
		if !given.ports[port] {
			given.ports[port] = true
			return port
		}
	}
}

// given has the ports that freePort returned: the system may offer one again before its first user has opened it.
var given = struct {
	sync.Mutex
	ports map[int]bool
}{ports: map[int]bool{}}

// setup is a data directory with what is needed to migrate it.
type setup struct {
	dir, bin       string
	port, peerPort int
	env            []string
	arguments      []string
}

func newSetup(t testing.TB, versions ...string) *setup {
	return &setup{dir: filepath.Join(t.TempDir(), "data"), bin: bundle(t, versions...), port: freePort(t), peerPort: freePort(t)}
}

func (s *setup) command(target string, more ...string) *exec.Cmd {
	arguments := append([]string{"--name=m", "--data-dir=" + s.dir, "--bin-dir=" + s.bin, "--port=" + strconv.Itoa(s.port),
		"--peer-port=" + strconv.Itoa(s.peerPort), "--target-version=" + target, "--target-storage=etcd3"}, s.arguments...)
	command := exec.Command(program, append(arguments, more...)...)
	command.Env = append([]string{"PATH=" + os.Getenv("PATH"), "DO_NOT_MOVE_BINARIES=true"}, s.env...)
	return command
}

// migrate runs the program and expects an exit code.
func (s *setup) migrate(t testing.TB, code int, target string, more ...string) string {
	t.Helper()
	command := s.command(target, more...)
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	err := command.Run()
	got := command.ProcessState.ExitCode()
	if got != code {
		t.Fatalf("exit code %d, not %d (%v):\n%s", got, code, err, output.String())
	}
	return output.String()
}

func (s *setup) versionFile(t testing.TB) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(s.dir, "version.txt"))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func copyDir(t testing.TB, from, to string) {
	t.Helper()
	if output, err := exec.Command("cp", "-a", "--sparse=always", from, to).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
}

func mustContain(t testing.TB, text, part string) {
	t.Helper()
	if !strings.Contains(text, part) {
		t.Fatalf("%q is not in:\n%s", part, text)
	}
}

// skipInShort leaves out what takes endurance: kills and full disks, over and over.
func skipInShort(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long; run without -short")
	}
}
