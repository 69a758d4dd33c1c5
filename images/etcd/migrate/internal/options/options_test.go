package options

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/etcd"
)

// programs makes a folder with the programs of some versions, empty ones.
func programs(t testing.TB, versions ...string) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "bin")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, v := range versions {
		for _, name := range []string{"etcd", "etcdctl"} {
			if err := os.WriteFile(filepath.Join(folder, name+"-"+v+etcd.Suffix), nil, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	return folder
}

func resolve(arguments []string, environment map[string]string) (*Options, error) {
	set := flag.NewFlagSet("test", flag.ContinueOnError)
	flags := Define(set)
	if err := set.Parse(arguments); err != nil {
		return nil, err
	}
	return flags.Resolve(func(name string) string { return environment[name] })
}

func base(t testing.TB) map[string]string {
	return map[string]string{"ETCD_HOSTNAME": "h", "DATA_DIRECTORY": "/var/etcd/data", "TARGET_VERSION": "3.5.16", "TARGET_STORAGE": "etcd3"}
}

// TestDefaultBinDir is an absolute folder on either system.
func TestDefaultBinDir(t *testing.T) {
	for _, c := range []struct{ system, self, want string }{
		{"linux", "/opt/migrate", "/usr/local/bin"},
		{"windows", `C:\usr\local\bin\migrate.exe`, `C:\usr\local\bin`},
		{"windows", `D:\etcd/bin/migrate.exe`, `D:\etcd/bin`},
		{"windows", `\\host\share\migrate.exe`, `\\host\share`},
	} {
		got, err := defaultBinDir(c.system, func() (string, error) { return c.self, nil })
		if got != c.want || err != nil {
			t.Errorf("%s %s: %s, not %s; %v", c.system, c.self, got, c.want, err)
		}
	}
	unknown := func() (string, error) { return "", os.ErrNotExist }
	if got, err := defaultBinDir("linux", unknown); got != "/usr/local/bin" || err != nil {
		t.Errorf("without /proc: %s, %v", got, err)
	}
	if _, err := defaultBinDir("windows", unknown); err == nil {
		t.Error("a folder was made up")
	}
}

func TestDefaults(t *testing.T) {
	o, err := resolve([]string{"--bin-dir=" + programs(t, "3.5.16", "3.4.23")}, base(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, pair := range map[string][2]string{
		"name": {o.Name, "etcd-h"}, "initial cluster": {o.InitialCluster, "etcd-h=http://localhost:2380"},
		"listen peer": {o.ListenPeerURLs, "http://localhost:2380"}, "advertise peer": {o.InitialAdvertisePeerURLs, "http://localhost:2380"},
		"listen client": {o.ListenClientURLs, "http://127.0.0.1:18629"}, "prefix": {o.DataPrefix, "/registry"},
		"ttl directory": {o.TTLDirectory, "/registry/events"}, "bundle": {o.Bundle.String(), "3.4.23,3.5.16"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s is %q, not %q", name, pair[0], pair[1])
		}
	}
	if !o.MoveBinaries || !o.Backup || o.BackupKeep != 2 || o.OnFailure != Stop {
		t.Errorf("%+v", o)
	}
}

// TestEventPorts: a path that contains "event" anywhere selects the other pair of ports; the case counts.
func TestEventPorts(t *testing.T) {
	bin := programs(t, "3.5.16")
	for path, want := range map[string][2]uint64{
		"/var/etcd/data": {18629, 2380}, "/var/etcd/data-events": {18631, 2381}, "/preventer/x": {18631, 2381}, "/var/EVENT": {18629, 2380},
	} {
		o, err := resolve([]string{"--bin-dir=" + bin, "--data-dir=" + path}, base(t))
		if err != nil || o.Port != want[0] || o.PeerPort != want[1] {
			t.Errorf("%s: %d, %d, %v", path, o.Port, o.PeerPort, err)
		}
	}
}

// TestPrecedence: a flag, then a variable, then the default; empty and 0 count as not given.
func TestPrecedence(t *testing.T) {
	bin := "--bin-dir=" + programs(t, "3.5.16")
	environment := base(t)
	environment["ETCD_NAME"] = "from-variable"
	environment["LISTEN_PEER_URLS"] = ""
	for argument, want := range map[string]string{"--name=from-flag": "from-flag", "--name=": "from-variable"} {
		o, err := resolve([]string{bin, argument, "--port=0"}, environment)
		if err != nil || o.Name != want || o.Port != 18629 || o.ListenPeerURLs != "http://localhost:2380" {
			t.Errorf("%s: %+v, %v", argument, o, err)
		}
	}
	environment = base(t)
	delete(environment, "ETCD_HOSTNAME")
	environment["HOSTNAME"] = "pod"
	if o, err := resolve([]string{bin}, environment); err != nil || o.Name != "etcd-pod" {
		t.Errorf("%+v, %v", o, err)
	}
}

// TestRequired: what is missing or malformed is said, as a mistake of usage.
func TestRequired(t *testing.T) {
	bin := "--bin-dir=" + programs(t, "3.5.16")
	for _, change := range []func(map[string]string){
		func(e map[string]string) { delete(e, "ETCD_HOSTNAME") },
		func(e map[string]string) { delete(e, "DATA_DIRECTORY") },
		func(e map[string]string) { e["DATA_DIRECTORY"] = "/" },
		func(e map[string]string) { delete(e, "TARGET_VERSION") },
		func(e map[string]string) { e["TARGET_VERSION"] = "3.5" },
		func(e map[string]string) { e["TARGET_VERSION"] = "v3.5.16" },
		func(e map[string]string) { delete(e, "TARGET_STORAGE") },
		func(e map[string]string) { e["TARGET_STORAGE"] = "etcd4" },
		func(e map[string]string) { e["ETCD_CREDS"] = "--force-new-cluster" },
		func(e map[string]string) { e["ETCD_CREDS"] = "--data-dir=/elsewhere" },
		func(e map[string]string) { e["ETCD_CREDS"] = "stray --x=1" },
		func(e map[string]string) { e["MIGRATE_ON_FAILURE"] = "hope" },
		func(e map[string]string) { e["MIGRATE_BACKUP_KEEP"] = "0" },
		func(e map[string]string) { e["MIGRATE_START_TIMEOUT"] = "99999h" },
		func(e map[string]string) { e["INITIAL_CLUSTER"] = strings.Repeat("x", 100<<10) },
	} {
		environment := base(t)
		change(environment)
		_, err := resolve([]string{bin}, environment)
		var usage *UsageError
		if !errors.As(err, &usage) {
			t.Errorf("%v: %v", environment, err)
		}
	}
}

// TestTemporaryEtcdIsAskedAtItsOwnAddress: adds the address at which the temporary etcd is asked to those that the user wants it to listen on.
func TestTemporaryEtcdIsAskedAtItsOwnAddress(t *testing.T) {
	environment := base(t)
	environment["LISTEN_CLIENT_URLS"] = "http://10.128.0.1:2379"
	o, err := resolve([]string{"--bin-dir=" + programs(t, "3.5.16")}, environment)
	if err != nil || o.ListenClientURLs != "http://10.128.0.1:2379,http://127.0.0.1:18629" {
		t.Errorf("%+v, %v", o, err)
	}
	if got := withURL("http://127.0.0.1:18629,http://[::1]:1", "http://127.0.0.1:18629"); strings.Count(got, "18629") != 1 {
		t.Error(got)
	}
}

// TestCredentials are in one variable or in two, as etcdctl has them.
func TestCredentials(t *testing.T) {
	bin := "--bin-dir=" + programs(t, "3.5.16")
	for variables, want := range map[[2]string][2]string{{"", ""}: {"", ""}, {"root:a:b", "x"}: {"root", "a:b"}, {"root", "a:b"}: {"root", "a:b"}} {
		environment := base(t)
		environment["ETCDCTL_USER"], environment["ETCDCTL_PASSWORD"] = variables[0], variables[1]
		if o, err := resolve([]string{bin}, environment); err != nil || o.User != want[0] || o.Password != want[1] {
			t.Errorf("%q: %+v, %v", variables, o, err)
		}
	}
}

// TestBundleList: the image's own list counts, and what it names must be there.
func TestBundleList(t *testing.T) {
	bin := programs(t, "3.5.16", "3.4.23", "3.3.25")
	share := filepath.Join(filepath.Dir(bin), "share", "etcd")
	if err := os.MkdirAll(share, 0o755); err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(share, "bundled-versions")
	if err := os.WriteFile(list, []byte("3.4.23\n3.5.16\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	o, err := resolve([]string{"--bin-dir=" + bin}, base(t))
	if err != nil || o.Bundle.String() != "3.4.23,3.5.16" {
		t.Fatalf("%v, %v", o, err)
	}
	o, err = resolve([]string{"--bin-dir=" + bin, "--bundled-versions= 3.3.25 ,3.4.23", "--bundled-versions=3.5.16"}, base(t))
	if err != nil || o.Bundle.String() != "3.3.25,3.4.23,3.5.16" {
		t.Fatalf("%v, %v", o, err)
	}
	if _, err = resolve([]string{"--bin-dir=" + bin, "--bundled-versions=3.6.0"}, base(t)); err == nil {
		t.Error("3.6.0 is not there")
	}
}

func TestDoNotMoveBinaries(t *testing.T) {
	bin := "--bin-dir=" + programs(t, "3.5.16")
	for value, want := range map[string]bool{"true": false, "TRUE": true, "1": true, "": true} {
		environment := base(t)
		environment["DO_NOT_MOVE_BINARIES"] = value
		if o, err := resolve([]string{bin}, environment); err != nil || o.MoveBinaries != want {
			t.Errorf("%q: %v, %v", value, o, err)
		}
	}
}

func FuzzFlags(f *testing.F) {
	bin := programs(f, "3.5.16")
	f.Add("--name=x --port=1", "--peer-cert-file=a --debug")
	f.Add("--bundled-versions=,,3.5.16 --data-dir=/event", "=")
	f.Add("-- -", "--")
	f.Fuzz(func(t *testing.T, arguments, extra string) {
		environment := base(t)
		environment["ETCD_CREDS"] = extra
		environment["INITIAL_CLUSTER"] = extra
		environment["LISTEN_CLIENT_URLS"] = arguments
		o, err := resolve(append([]string{"--bin-dir=" + bin}, strings.Fields(arguments)...), environment)
		if err == nil && (o.Name == "" || o.Port > 65535 || o.DataDir == "/") {
			t.Errorf("%+v", o)
		}
	})
}

func FuzzEnvironment(f *testing.F) {
	bin := programs(f, "3.5.16")
	f.Add("3.5.16", "etcd3", "/data", "m", "2", "1m")
	f.Add("", "", "", "", "", "")
	f.Fuzz(func(t *testing.T, target, storage, data, name, keep, timeout string) {
		o, err := resolve([]string{"--bin-dir=" + bin}, map[string]string{"TARGET_VERSION": target, "TARGET_STORAGE": storage, "DATA_DIRECTORY": data,
			"ETCD_NAME": name, "MIGRATE_BACKUP_KEEP": keep, "MIGRATE_START_TIMEOUT": timeout})
		if err == nil && (o.BackupKeep < 1 || o.StartTimeout <= 0 || o.Target.String() != target+"/"+storage) {
			t.Errorf("%+v", o)
		}
	})
}
