package etcd

import (
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
		{"--experimental-corrupt-check-time=1m", "3.6.0", "--experimental-corrupt-check-time=1m"}, {"--experimental-corrupt-check-time=1m", "3.7.0", "--corrupt-check-time=1m"},
		{"--peer-cert-file=x", "3.0.0", "--peer-cert-file=x"},
	} {
		flags, _ := ParseFlags([]string{c.flag})
		got, remarks := Translate(flags, parse(t, c.minor).Line(), nil)
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

func FuzzFlags(f *testing.F) {
	f.Add("--debug --a=b c -", uint8(5))
	f.Fuzz(func(t *testing.T, text string, minor uint8) {
		flags, _ := ParseFlags(strings.Fields(text))
		line := version.Line{Major: 3, Minor: uint32(minor)}
		got, _ := Translate(flags, line, nil)
		if again, remarks := Translate(got, line, nil); len(again) != len(got) || len(remarks) > 0 && !strings.Contains(text, "experimental-experimental") {
			t.Errorf("%q for %s is not settled: %q", text, line, remarks)
		}
		parseHelp(text)
	})
}
