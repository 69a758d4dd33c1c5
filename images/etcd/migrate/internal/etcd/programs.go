package etcd

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
)

// Programs finds and runs the programs of the bundled versions.
type Programs struct {
	Dir      string
	OnLine   func(line string) // each line that a program writes; may be nil
	Timeout  time.Duration     // of one run of a tool
	Secrets  []string          // what a tool must not be quoted with
	User     string            // of etcdctl, with Password; empty for none
	Password string
}

// Path is where a program of a version is: /usr/local/bin/etcdctl-3.5.16, with .exe on Windows.
func (p Programs) Path(program string, v version.Version) string {
	return filepath.Join(p.Dir, program+"-"+v.String()+Suffix)
}

// Plain is the name without a version, which users' pods call.
func (p Programs) Plain(program string) string { return filepath.Join(p.Dir, program+Suffix) }

// Has reports whether the version has the program.
func (p Programs) Has(program string, v version.Version) bool {
	info, err := os.Stat(p.Path(program, v))
	return err == nil && info.Mode().IsRegular()
}

// kept are the variables that a program gets from ours. No ETCD_ one is among them: since 3.4 etcd does not start when a variable
// and a flag set the same option, and the user's variables are for another version.
var kept = []string{"PATH", "HOME", "TMPDIR", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "GOMAXPROCS", "GODEBUG",
	"SYSTEMROOT", "TEMP", "TMP", "USERPROFILE"}

// environment is all that a program of the version is given.
func environment(v version.Version, more ...string) []string {
	var result []string
	for _, name := range kept {
		if value, ok := os.LookupEnv(name); ok {
			result = append(result, name+"="+value)
		}
	}
	if arch := runtime.GOARCH; arch != "amd64" && v.Less(version.Version{Major: 3, Minor: 5}) {
		result = append(result, "ETCD_UNSUPPORTED_ARCH="+arch) // what each refuses changed with every minor up to 3.5
	}
	return append(result, more...)
}

// Run runs a tool to its end and returns what it kept of the output.
func (p Programs) Run(ctx context.Context, program string, v version.Version, arguments []string) (string, error) {
	timeout := p.Timeout
	if timeout <= 0 {
		timeout = 30 * time.Minute
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	out := newOutput(p.Secrets, p.OnLine)
	command := exec.Command(p.Path(program, v), arguments...)
	command.Env = environment(v)
	if program == "etcdctl" && !v.AtLeast(3, 4, 0) {
		command.Env = append(command.Env, "ETCDCTL_API=3") // later ones need not be told, and the last do not know the variable
	}
	if program == "etcdctl" && p.User != "" {
		command.Env = append(command.Env, "ETCDCTL_USER="+p.User, "ETCDCTL_PASSWORD="+p.Password)
	}
	running, err := start(command, out)
	if err != nil {
		return "", fmt.Errorf("running %s: %w", command.Path, err)
	}
	select {
	case <-running.done:
	case <-ctx.Done():
		running.kill()
		<-running.done
		return "", fmt.Errorf("%s-%s %s: %w", program, v, verbs(arguments), ctx.Err())
	}
	if running.err != nil {
		return "", fmt.Errorf("%s-%s %s: %w: %s", program, v, verbs(arguments), running.err, out.cause())
	}
	return out.text(), nil
}

// verbs are the words of a command line that say what to do: neither flags nor files.
func verbs(arguments []string) string {
	var words []string
	for _, a := range arguments {
		if !strings.HasPrefix(a, "-") && !strings.ContainsAny(a, `/\`) {
			words = append(words, a)
		}
	}
	return strings.Join(words, " ")
}

// CheckVersion runs etcd --version and compares: images have held other versions than their names say.
func (p Programs) CheckVersion(ctx context.Context, v version.Version) error {
	short := p
	short.Timeout, short.OnLine = time.Minute, nil
	text, err := short.Run(ctx, "etcd", v, []string{"--version"})
	if err != nil {
		return err
	}
	for _, line := range strings.Split(text, "\n") {
		if name, value, found := strings.Cut(line, ":"); found && strings.EqualFold(strings.TrimSpace(name), "etcd version") {
			if found, err := version.Parse(strings.TrimSpace(value)); err != nil || found.Line() != v.Line() || found.Patch != v.Patch {
				return fmt.Errorf("%s says that it is etcd %.40s", p.Path("etcd", v), strings.TrimSpace(value))
			}
			return nil
		}
	}
	return fmt.Errorf("%s does not say its version", p.Path("etcd", v))
}

// Flags asks the program which flags it has; nil if it cannot be asked.
func (p Programs) Flags(ctx context.Context, v version.Version) map[string]bool {
	command := exec.Command(p.Path("etcd", v), "--help")
	command.Env = environment(v)
	var buffer limitedBuffer
	running, err := start(command, &buffer)
	if err != nil {
		return nil
	}
	select {
	case <-running.done:
	case <-time.After(time.Minute):
		running.kill()
		<-running.done
	case <-ctx.Done():
		running.kill()
		<-running.done
	}
	known := parseHelp(buffer.String())
	if !known["data-dir"] {
		return nil
	}
	return known
}

// limitedBuffer keeps the beginning of what is written.
type limitedBuffer struct{ strings.Builder }

func (b *limitedBuffer) Write(p []byte) (int, error) {
	if room := 1<<20 - b.Len(); room > 0 {
		if len(p) < room {
			room = len(p)
		}
		b.Builder.Write(p[:room])
	}
	return len(p), nil
}
