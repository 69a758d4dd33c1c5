package migration

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/datadir"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/durable"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/options"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/report"
)

// bench is a data directory, programs, and what is given to migrate.
type bench struct {
	t      testing.TB
	dir    string
	bin    string
	port   int
	env    map[string]string
	more   []string
	output bytes.Buffer
}

// newBench takes the data that a real etcd of a version wrote; none if the version is empty.
func newBench(t testing.TB, recorded string, versions ...string) *bench {
	t.Helper()
	b := &bench{t: t, dir: filepath.Join(t.TempDir(), "data"), bin: fakes(t, versions...), env: map[string]string{}}
	if recorded != "" {
		if err := os.Mkdir(b.dir, 0o700); err != nil {
			t.Fatal(err)
		}
		source := filepath.Join("..", "datadir", "testdata", "etcd-"+recorded)
		if _, err := durable.CopyTree(source, b.dir, nil); err != nil {
			t.Fatal(err)
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b.port = listener.Addr().(*net.TCPAddr).Port
	listener.Close()
	return b
}

func (b *bench) migration(target string, more ...string) *Migration {
	b.t.Helper()
	set := flag.NewFlagSet("test", flag.ContinueOnError)
	defined := options.Define(set)
	v, storage, found := strings.Cut(target, "/")
	if !found {
		storage = "etcd3"
	}
	arguments := []string{"--name=m", "--data-dir=" + b.dir, "--bin-dir=" + b.bin, fmt.Sprintf("--port=%d", b.port), "--start-timeout=2m",
		"--target-version=" + v, "--target-storage=" + storage}
	if err := set.Parse(append(append(arguments, b.more...), more...)); err != nil {
		b.t.Fatal(err)
	}
	o, err := defined.Resolve(func(name string) string { return b.env[name] })
	if err != nil {
		b.t.Fatal(err)
	}
	return New(o, report.New(&b.output, false, false))
}

func (b *bench) run(target string, more ...string) error {
	b.t.Helper()
	return b.migration(target, more...).Run(context.Background())
}

// must runs, and fails the test unless it succeeds.
func (b *bench) must(target string, more ...string) {
	b.t.Helper()
	if err := b.run(target, more...); err != nil {
		b.t.Fatalf("%v\n%s", err, b.output.String())
	}
}

func (b *bench) write(name, content string) {
	b.t.Helper()
	path := filepath.Join(b.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) versionFile() string {
	content, _ := os.ReadFile(filepath.Join(b.dir, datadir.VersionFile))
	return string(content)
}

// line is the minor of the data.
func (b *bench) line() string {
	b.t.Helper()
	facts, err := datadir.Read(datadir.Paths{Data: b.dir})
	if err != nil {
		b.t.Fatal(err)
	}
	line, _ := facts.Line()
	return line.String()
}

func (b *bench) database() string { return filepath.Join(b.dir, "member", "snap", "db") }

func (b *bench) exists(path string) bool { return durable.Exists(path) }

// original is the database that the bench began with.
func original(recorded string) string {
	return filepath.Join("..", "datadir", "testdata", "etcd-"+recorded, "member", "snap", "db")
}

func (b *bench) sameData(recorded string) {
	b.t.Helper()
	if err := datadir.SameData(original(recorded), b.database()); err != nil {
		b.t.Error(err)
	}
}
