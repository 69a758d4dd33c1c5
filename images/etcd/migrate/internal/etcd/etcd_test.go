package etcd

import (
	"fmt"
	"strings"
	"testing"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
)

func parse(t *testing.T, text string) version.Version {
	t.Helper()
	v, err := version.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestTranslate has each flag that the upgrade guides name, on both sides of the minor that changed it.
func TestTranslate(t *testing.T) {
	for _, c := range []struct{ flag, minor, want string }{
		{"--debug", "3.4.0", "--debug"}, {"--debug", "3.5.0", "--log-level=debug"}, {"--debug=false", "3.5.0", ""},
		{"--ca-file=x", "3.3.0", "--ca-file=x"}, {"--ca-file=x", "3.4.0", "--trusted-ca-file=x"}, {"--peer-ca-file=x", "3.4.0", "--peer-trusted-ca-file=x"},
		{"--log-output=stdout", "3.4.0", "--log-output=stdout"}, {"--log-output=stdout", "3.5.0", "--log-outputs=stdout"},
		{"--log-package-levels=a", "3.5.0", ""}, {"--logger=capnslog", "3.4.0", "--logger=capnslog"}, {"--logger=capnslog", "3.5.0", ""}, {"--logger=zap", "3.5.0", "--logger=zap"},
		{"--logger=zap", "3.3.0", ""}, {"--log-level=warn", "3.3.0", ""}, {"--enable-v2", "3.5.0", "--enable-v2"}, {"--enable-v2", "3.6.0", ""},
		{"--experimental-enable-v2v3=/x", "3.6.0", ""}, {"--proxy=on", "3.5.0", "--proxy=on"}, {"--proxy=on", "3.6.0", ""},
		{"--experimental-initial-corrupt-check", "3.6.14", "--experimental-initial-corrupt-check"}, {"--experimental-initial-corrupt-check", "3.7.1", "--feature-gates=InitialCorruptCheck=true"},
		{"--experimental-compact-hash-check-enabled=false", "3.7.1", "--feature-gates=CompactHashCheck=false"}, {"--experimental-enable-lease-checkpoint-persist=true", "3.7.1", "--feature-gates=LeaseCheckpointPersist=true"},
		{"--experimental-stop-grpc-service-on-defrag=true", "3.7.1", "--feature-gates=StopGRPCServiceOnDefrag=true"}, {"--experimental-enable-lease-checkpoint", "3.7.1", "--feature-gates=LeaseCheckpoint=true"},
		{"--experimental-txn-mode-write-with-shared-buffer=true", "3.7.1", "--feature-gates=TxnModeWriteWithSharedBuffer=true"},
		{"--feature-gates=InitialCorruptCheck=true", "3.5.33", "--experimental-initial-corrupt-check=true"}, {"--feature-gates=SetMemberLocalAddr=true", "3.5.33", ""},
		{"--corrupt-check-time=1m", "3.5.33", "--experimental-corrupt-check-time=1m"}, {"--tls-min-version=TLS1.2", "3.5.7", ""}, {"--tls-min-version=TLS1.2", "3.5.8", "--tls-min-version=TLS1.2"},
		{"--v2-deprecation=write-only-skip-check", "3.5.31", ""}, {"--v2-deprecation=write-only-skip-check", "3.5.32", "--v2-deprecation=write-only-skip-check"},
		{"--v2-deprecation=write-only-skip-check", "3.6.12", ""}, {"--v2-deprecation=write-only-skip-check", "3.7.1", "--v2-deprecation=write-only-skip-check"}, {"--v2-deprecation=not-yet", "3.5.0", "--v2-deprecation=not-yet"},
		{"--invented=1", "3.5.33", ""}, {"--discovery=x", "3.7.1", ""}, {"--snapshot-catchup-entries=5", "3.8.0", "--snapshot-catchup-entries=5"},
		{"--experimental-corrupt-check-time=1m", "3.6.0", "--experimental-corrupt-check-time=1m"}, {"--experimental-corrupt-check-time=1m", "3.7.0", "--corrupt-check-time=1m"},
		{"--peer-cert-file=x", "3.0.0", "--peer-cert-file=x"},
	} {
		flags, _ := ParseFlags([]string{c.flag})
		got, remarks := Translate(flags, parse(t, c.minor), nil)
		text := ""
		if len(got) == 1 {
			text = got[0].Argument()
		}
		if text != c.want || (text == c.flag) == (len(remarks) == 1) {
			t.Errorf("%s for %s became %q, with %q", c.flag, c.minor, text, remarks)
		}
	}
}

func TestParseFlags(t *testing.T) {
	flags, stray := ParseFlags(strings.Fields("--a=b=c -d e --f --g= h"))
	want := []Flag{{"a", "b=c", true}, {"d", "e", true}, {"f", "", false}, {"g", "", true}}
	if len(flags) != len(want) || len(stray) != 1 {
		t.Fatalf("%+v, %q", flags, stray)
	}
	for i := range want {
		if flags[i] != want[i] {
			t.Errorf("%+v, not %+v", flags[i], want[i])
		}
	}
}

// TestArguments: each version gets the log flag it knows, and never one that starts a cluster anew.
func TestArguments(t *testing.T) {
	config := Config{Name: "m", DataDir: "/d", Debug: true, Alone: true, Extra: []Flag{{"election-timeout", "5000", true}}}
	for v, want := range map[string]string{"3.0.17": "--debug", "3.3.25": "--debug", "3.4.23": "--log-level=debug", "3.6.5": "--log-level=debug"} {
		arguments, _ := config.Arguments(parse(t, v), nil)
		line := " " + strings.Join(arguments, " ") + " "
		if !strings.Contains(line, " "+want+" ") || strings.Contains(line, "force-new-cluster") || strings.Contains(line, "heartbeat") {
			t.Errorf("%s: %s", v, line)
		}
	}
}

// TestOutput keeps the end, and no secrets.
func TestOutput(t *testing.T) {
	config := Config{Extra: []Flag{{"auth-token", "hidden-token", true}, {"x", "on", true}}}
	out := newOutput(config.Secrets(), nil)
	for i := 0; i < 200; i++ {
		_, _ = out.Write([]byte("first hidden-"))
		_, _ = out.Write([]byte("token last\n" + strings.Repeat("y", 5000) + "\n"))
	}
	tail := out.tail(2)
	if strings.Contains(out.text(), "hidden-token") || !strings.Contains(tail, "***") || len(out.text()) > maxLines*(maxLineLength+3) {
		t.Error(tail)
	}
}

func TestEnvironment(t *testing.T) {
	for name, value := range map[string]string{"ETCD_NAME": "x", "ETCDCTL_USER": "root:x", "KUBECONFIG": "x", "TZ": "UTC"} {
		t.Setenv(name, value)
	}
	text := strings.Join(environment(parse(t, "3.5.16"), "ETCDCTL_API=3"), " ")
	if strings.Contains(text, "ETCD_NAME") || strings.Contains(text, "ETCDCTL_USER") || strings.Contains(text, "KUBECONFIG") || !strings.Contains(text, "TZ=UTC") || !strings.Contains(text, "ETCDCTL_API=3") {
		t.Error(text)
	}
}

// TestEveryCommandLineIsAccepted: whatever migrate gives to a program of a version, this version accepts.
func TestEveryCommandLineIsAccepted(t *testing.T) {
	names := func(arguments []string) (flags []string, command string) {
		for _, a := range arguments {
			if strings.HasPrefix(a, "--") {
				name, _, _ := strings.Cut(a[2:], "=")
				flags = append(flags, name)
			} else if !strings.ContainsAny(a, "/.") {
				command += " " + a
			}
		}
		return flags, command
	}
	config := Config{Name: "m", DataDir: "/d", WALDir: "/w", InitialCluster: "m=x", InitialAdvertisePeerURLs: "x", Debug: true, Alone: true, SnapshotCount: 1}
	for name := range serverFlags {
		config.Extra = append(config.Extra, Flag{name, "x", true})
	}
	for _, text := range []string{"2.3.0", "2.3.8", "3.0.17", "3.1.20", "3.2.0", "3.2.32", "3.3.27", "3.4.0", "3.4.45", "3.5.0", "3.5.33", "3.6.0", "3.6.14", "3.7.0", "3.7.1"} {
		v := parse(t, text)
		arguments, _ := config.Arguments(v, nil)
		given, _ := names(arguments)
		for _, name := range given {
			if !serverFlags.accepts(name, v) {
				t.Errorf("etcd %s is given --%s", v, name)
			}
		}
		config := config
		config.Extra = []Flag{{"initial-cluster-token", "x", true}}
		restorer, lines := "etcdctl", map[string][]string{}
		if v.AtLeast(3, 5, 0) {
			restorer = "etcdutl"
		}
		if !CanPlaceLog(restorer, v) {
			config.WALDir = ""
		}
		lines[restorer+" restore"] = RestoreArguments("/s.db", config)
		lines["etcdctl save"] = SaveArguments("http://x", "/s.db")
		if !v.AtLeast(3, 5, 0) {
			lines["etcdctl convert"] = ConvertArguments(config)
		}
		if v.AtLeast(3, 6, 0) {
			lines["etcdutl migrate"] = MigrateArguments("/d", version.Line{Major: 3, Minor: 5})
			lines["etcdctl downgrade"] = DowngradeArguments("http://x", version.Line{Major: 3, Minor: 6})
			lines["etcdctl cancel"] = CancelArguments("http://x")
		}
		for what, arguments := range lines {
			program, _, _ := strings.Cut(what, " ")
			given, command := names(arguments)
			for _, name := range given {
				if v.Major == 3 && !toolFlags.accepts(program+command+" "+name, v) {
					t.Errorf("%s %s%s is given --%s", program, v, command, name)
				}
			}
		}
	}
}

// TestAdvisedFlagsExist: what migrate tells people to give to an etcd, that etcd accepts.
func TestAdvisedFlagsExist(t *testing.T) {
	for name, versions := range map[string][]string{
		"snapshot-count": {"2.3.8", "3.0.0", "3.5.0", "3.6.0", "3.7.0"}, "enable-v2": {"3.4.0", "3.5.0", "3.5.33"}, "v2-deprecation": {"3.6.13", "3.7.0"},
		"next-cluster-version-compatible": {"3.4.32"}, "wal-dir": {"2.3.8", "3.7.1"}, "initial-cluster-token": {"2.3.8", "3.7.1"},
	} {
		for _, v := range versions {
			if !serverFlags.accepts(name, parse(t, v)) {
				t.Errorf("etcd %s does not accept --%s", v, name)
			}
		}
	}
}

// TestTableOfFlags has the limits of what the table says.
func TestTableOfFlags(t *testing.T) {
	for _, c := range []struct {
		name, v string
		want    bool
	}{
		{"ca-file", "3.3.27", true}, {"ca-file", "3.4.0", false}, {"data-dir", "2.3.8", true}, {"data-dir", "3.9.0", true},
		{"auth-token-ttl", "3.3.22", false}, {"auth-token-ttl", "3.3.23", true}, {"auth-token-ttl", "3.4.9", false}, {"auth-token-ttl", "3.5.0", true},
		{"experimental-initial-corrupt-check", "3.6.14", true}, {"experimental-initial-corrupt-check", "3.7.0", false}, {"nothing", "3.5.0", false},
	} {
		if serverFlags.accepts(c.name, parse(t, c.v)) != c.want {
			t.Errorf("--%s of %s is not %t", c.name, c.v, c.want)
		}
	}
	for _, text := range []string{"x", "x 3", "x 3.4-y", "a: b"} {
		if table, err := parseTable(text); err == nil {
			t.Errorf("%q became %v", text, table)
		}
	}
}

// TestCause: the line that says why is kept, whatever comes behind it.
func TestCause(t *testing.T) {
	for line, want := range map[string]string{
		`{"level":"panic","ts":"x","msg":"detected disallowed v2 WAL","method":"QGET","stacktrace":"main\n\tx.go"}`: "detected disallowed v2 WAL: method QGET",
		`{"level":"fatal","msg":"failed to open","path":"/d","error":"no such file"}`:                               "failed to open: /d: no such file",
		"panic: unmarshal should never fail (x)":                                                                    "panic: unmarshal should never fail (x)",
		"2026-01-01 12:00:00.1 C | etcdmain: it ends":                                                               "2026-01-01 12:00:00.1 C | etcdmain: it ends",
	} {
		out := newOutput(nil, nil)
		fmt.Fprintln(out, "before\n"+line)
		for i := 0; i < 500; i++ {
			fmt.Fprintf(out, "goroutine %d\n", i)
		}
		if got := out.cause(); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
	out := newOutput([]string{""}, nil)
	fmt.Fprintln(out, "first\nlast")
	if got := out.cause(); got != "first | last" {
		t.Error(got)
	}
}

func FuzzFlags(f *testing.F) {
	f.Add("--debug --a=b c -", uint8(5))
	f.Add("--feature-gates=InitialCorruptCheck=true,x --experimental-initial-corrupt-check", uint8(3))
	f.Fuzz(func(t *testing.T, text string, minor uint8) {
		flags, _ := ParseFlags(strings.Fields(text))
		v := version.Version{Major: 3, Minor: uint32(minor)}
		got, _ := Translate(flags, v, nil)
		if again, remarks := Translate(got, v, nil); len(again) != len(got) || len(remarks) > 0 {
			t.Errorf("%q for %s is not settled: %q", text, v, remarks)
		}
		parseHelp(text)
	})
}
