package migration

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/datadir"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/etcd"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/waltest"
)

// standIn is a server of a version on a real log.
type standIn struct {
	mutex   sync.Mutex
	v       version.Version
	paths   datadir.Paths
	log     *waltest.Log
	every   uint64 // --snapshot-count
	snap    uint64 // index of the newest raft snapshot
	capable bool   // the v3 API is answered
	storage version.Line
	cluster version.Line
	asked   int // how often for the version since a downgrade was enabled
}

// playServer answers as the version does until it is interrupted.
func playServer(text string, set map[string]string) {
	v, err := version.Parse(text)
	demand(err)
	s := &standIn{v: v, paths: datadir.Paths{Data: set["data-dir"], WAL: set["wal-dir"]}, every: 10000, storage: v.Line(), cluster: v.Line()}
	if n := set["snapshot-count"]; n != "" {
		_, err := fmt.Sscan(n, &s.every)
		demand(err)
	}
	if _, err := os.Stat(s.paths.Log()); err != nil {
		newMember(s.paths.Member(), s.paths.WAL, nil)
	}
	s.start()
	mux := http.NewServeMux()
	s.answer(mux)
	store := &keyStore{Path: filepath.Join(s.paths.Member(), "v2.json"), Keys: map[string]keyOf2{}}
	mux.HandleFunc("/v2/keys/", store.serve)
	if v.Line().Less(version.Line{Major: 3, Minor: 3}) {
		gateway(mux, filepath.Join(s.paths.Member(), "leased.json"))
	}
	u, err := url.Parse(strings.Split(set["listen-client-urls"], ",")[0])
	demand(err)
	listener, err := net.Listen("tcp", u.Host)
	demand(err)
	go func() { _ = http.Serve(listener, mux) }()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	<-signals
	s.mutex.Lock() // nothing is half written
}

// die ends as an etcd does that panics: with its message, and a stack that is longer than anybody keeps.
func die(message string) {
	fmt.Fprintln(os.Stderr, message)
	for i := 0; i < 60; i++ {
		fmt.Fprintf(os.Stderr, "\nmain.function%d(0xc000%d)\n\t/go/src/etcd/file.go:%d +0x1d\n", i, i, i)
	}
	os.Exit(2)
}

// start reads the log as the version does, and writes what each writes at its start.
func (s *standIn) start() {
	facts, err := datadir.Read(s.paths)
	demand(err)
	line := s.v.Line()
	switch {
	case facts.SnapshotAhead && line.AtLeast(3, 1):
		die("2026-11-28 12:00:00.000000 C | etcdserver: recovering backend from snapshot error: failed to find database snapshot file (snap: snapshot file doesn't exist)")
	case facts.V2Keys && line.AtLeast(3, 6):
		die(`{"level":"fatal","msg":"discovery failed","error":"detected disallowed custom content in v2store for stage --v2-deprecation=write-only"}`)
	case facts.V2Requests > 0 && line.AtLeast(3, 6):
		die(fmt.Sprintf(`{"level":"panic","msg":"detected disallowed v2 WAL for stage --v2-deprecation=write-only","method":%q}`, facts.V2First.Method))
	case facts.V2Records > 0 && line.AtLeast(3, 7):
		die("panic: unmarshal should never fail (proto: cannot parse invalid wire-format data)")
	}
	for _, known := range []version.Line{facts.LogVersion, facts.DatabaseVersion} {
		if line.Less(known) && (known == facts.LogVersion || line.AtLeast(3, 6)) {
			die(fmt.Sprintf(`{"level":"fatal","msg":"invalid downgrade; server version is lower than determined cluster version","current-server-version":%q,"determined-cluster-version":%q}`, s.v, known))
		}
	}
	s.capable = !line.AtLeast(3, 5) || facts.FirstVersion.Major != 2
	s.snap = facts.SnapshotIndex
	s.log, err = waltest.Open(s.paths.Log())
	demand(err)
	if !line.AtLeast(3, 6) {
		s.append(waltest.V2("PUT", fmt.Sprintf("/0/members/%x/attributes", facts.NodeID), `{"name":"m"}`))
		s.append(waltest.V2("PUT", "/0/version", line.String()+".0"))
	} else {
		s.append(waltest.ClusterVersion(line.String() + ".0"))
	}
}

// append adds an entry, and takes a raft snapshot if there are enough since the last one.
func (s *standIn) append(entry []byte) {
	demand(s.log.Append(entry))
	if s.v.Major < 3 || s.log.Index-s.snap <= s.every {
		return
	}
	facts := datadir.ReadLog(s.paths)
	store := fmt.Sprintf(`{"Root":{"Children":{"0":{"Children":{"version":{"Value":"%s.0"}}}}}}`, s.v.Line())
	demand(os.MkdirAll(s.paths.Snap(), 0o700))
	demand(s.log.WriteSnapshot(s.paths.Snap(), store, facts.NodeID))
	demand(s.log.Name())
	s.snap = s.log.Index
	moveDatabase(s.paths.Database(), s.snap)
}

func (s *standIn) answer(mux *http.ServeMux) {
	line, root := s.v.Line(), etcd.ClientPaths(s.v.Line())
	handle := func(path string, work http.HandlerFunc) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			s.mutex.Lock()
			defer s.mutex.Unlock()
			work(w, r)
		})
	}
	handle("/version", func(w http.ResponseWriter, _ *http.Request) {
		if s.storage != s.cluster {
			if s.asked++; s.asked == 3 { // the cluster version follows later
				lowerDatabase(s.paths.Database(), s.v.String(), s.storage.String())
				s.cluster = s.storage
			}
		}
		fmt.Fprintf(w, `{"etcdserver":%q,"etcdcluster":"%s.0","storage":"%s.0"}`, s.v, s.cluster, s.storage)
	})
	handle("/health", func(w http.ResponseWriter, _ *http.Request) {
		if !line.AtLeast(3, 6) {
			s.append(waltest.V2("QGET", "", "")) // what makes a log unreadable for 3.6
		}
		fmt.Fprint(w, `{"health": "true"}`)
	})
	handle("/v2/stats/self", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"leaderInfo":{"leader":"1"}}`) })
	handle("/database", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, s.paths.Database()) })
	handle("/downgrade", func(w http.ResponseWriter, r *http.Request) {
		to, err := version.ParseLine(r.URL.Query().Get("to"))
		demand(err)
		s.storage, s.asked = to, 0
	})
	if !line.Less(version.Line{Major: 3, Minor: 3}) { // below, the range is that of the gateway to leases
		handle(root+"/kv/range", func(w http.ResponseWriter, _ *http.Request) {
			if !s.capable {
				w.WriteHeader(http.StatusServiceUnavailable)
				fmt.Fprint(w, `{"error":"etcdserver: not capable","code":14}`)
			}
		})
	}
	handle(root+"/kv/compaction", func(w http.ResponseWriter, r *http.Request) {
		var ask struct{ Revision string }
		demand(json.NewDecoder(r.Body).Decode(&ask))
		w.WriteHeader(http.StatusBadRequest)
		if !s.capable {
			fmt.Fprint(w, `{"error":"etcdserver: not capable","code":14}`)
			return
		}
		var revision uint64
		_, err := fmt.Sscan(ask.Revision, &revision)
		demand(err)
		s.append(waltest.Compaction(revision))
		fmt.Fprint(w, `{"error":"etcdserver: mvcc: required revision is a future revision","code":11}`)
	})
}
