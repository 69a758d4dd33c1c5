package migration

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/etcd"
)

// The test program stands in for the programs of etcd: a script by the name of each calls it with the name as first argument. It reads and writes a real log,
// and on what migrate depends on it behaves as real ones of 2.3 to 3.7 were seen to behave.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "play" {
		play(os.Args[2], os.Args[3:])
		return
	}
	if name := strings.TrimSuffix(filepath.Base(os.Args[0]), etcd.Suffix); strings.HasPrefix(name, "etcd") {
		play(name, os.Args[1:]) // a copy of the test program, where there are no scripts
		return
	}
	os.Exit(m.Run())
}

// fakes makes a folder of programs.
func fakes(t testing.TB, versions ...string) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "bin")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range versions {
		for _, program := range []string{"etcd", "etcdctl", "etcdutl"} {
			if program == "etcdutl" && strings.Compare(v, "3.5") < 0 {
				continue
			}
			name := program + "-" + v
			script := []byte(fmt.Sprintf("#!/bin/sh\nexec %q play %s \"$@\"\n", self, name))
			if runtime.GOOS == "windows" {
				if script, err = os.ReadFile(self); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.WriteFile(filepath.Join(folder, name+etcd.Suffix), script, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	return folder
}

// flags reads --a=b words; the others are the command.
func flags(arguments []string) (map[string]string, string) {
	result, words := map[string]string{}, []string{}
	for _, a := range arguments {
		if name, value, _ := strings.Cut(strings.TrimLeft(a, "-"), "="); strings.HasPrefix(a, "-") {
			result[name] = value
		} else {
			words = append(words, a)
		}
	}
	return result, strings.Join(words, " ")
}

func demand(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "fake:", err)
		os.Exit(1)
	}
}

// askServer asks the stand-in of a server for what the real programs get over gRPC.
func askServer(url string) []byte {
	response, err := http.Get(url)
	demand(err)
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	demand(err)
	return content
}

func play(name string, arguments []string) {
	program, v, _ := strings.Cut(name, "-")
	set, command := flags(arguments)
	member := filepath.Join(set["data-dir"], "member")
	switch {
	case program == "etcd":
		_, version := set["version"]
		_, help := set["help"]
		switch {
		case version:
			fmt.Println("etcd Version: " + v)
		case help:
			fmt.Println("--data-dir --name --initial-cluster --initial-cluster-state --heartbeat-interval --election-timeout --listen-peer-urls")
		default:
			playServer(v, set)
		}
	case strings.HasPrefix(command, "snapshot save "):
		content := askServer(set["endpoints"] + "/database")
		sum := sha256.Sum256(content)
		demand(os.WriteFile(strings.TrimPrefix(command, "snapshot save "), append(content, sum[:]...), 0o600))
	case strings.HasPrefix(command, "snapshot restore "):
		content, err := os.ReadFile(strings.TrimPrefix(command, "snapshot restore "))
		demand(err)
		newMember(member, set["wal-dir"], content[:len(content)-sha256.Size])
	case strings.HasPrefix(command, "downgrade enable "):
		askServer(set["endpoints"] + "/downgrade?to=" + strings.TrimPrefix(command, "downgrade enable "))
	case command == "downgrade cancel":
	case command == "migrate" && program == "etcdutl":
		if set["target-version"] == "" {
			os.Exit(128)
		}
		lowerDatabase(filepath.Join(member, "snap", "db"), v, set["target-version"])
	case command == "migrate" && program == "etcdctl":
		demand(os.WriteFile(filepath.Join(member, "converted"), []byte(os.Getenv("ETCDCTL_API")), 0o600))
	default:
		demand(fmt.Errorf("%s does not know %q", name, command))
	}
}
