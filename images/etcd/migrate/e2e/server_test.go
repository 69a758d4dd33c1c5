//go:build etcd

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// server is the etcd that users run, as opposed to the temporary one of migrate.
type server struct {
	t       testing.TB
	command *exec.Cmd
	url     string
	version string
	log     *bytes.Buffer
}

// start runs an etcd of a version on the directory and waits until its cluster version is its minor.
func (s *setup) start(t testing.TB, version string, more ...string) *server {
	t.Helper()
	client := fmt.Sprintf("http://127.0.0.1:%d", freePort(t))
	peer := fmt.Sprintf("http://localhost:%d", s.peerPort)
	arguments := append([]string{"--name=m", "--data-dir=" + s.dir, "--listen-client-urls=" + client, "--advertise-client-urls=" + client,
		"--listen-peer-urls=" + peer, "--initial-advertise-peer-urls=" + peer, "--initial-cluster=m=" + peer,
		"--heartbeat-interval=10", "--election-timeout=100"}, more...)
	e := launch(t, version, client, arguments...)
	e.await(version)
	return e
}

func launch(t testing.TB, version, client string, arguments ...string) *server {
	t.Helper()
	e := &server{t: t, url: client, version: version, log: &bytes.Buffer{}}
	e.command = exec.Command(filepath.Join(binaries, "etcd-"+version), arguments...)
	e.command.Stdout, e.command.Stderr = e.log, e.log
	e.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := e.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.command.Process.Kill(); _ = e.command.Wait() })
	return e
}

func (e *server) await(version string) {
	e.t.Helper()
	minor := version[:strings.LastIndex(version, ".")]
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if strings.Contains(e.get("/version"), `"etcdcluster":"`+minor) && strings.Contains(e.get("/health"), "true") {
			return
		}
	}
	e.t.Fatalf("etcd %s did not come up:\n%s", version, e.log)
}

// stop ends the server; one that has been stopped already stays so.
func (e *server) stop() {
	e.t.Helper()
	if e.command.ProcessState != nil {
		return
	}
	_ = e.command.Process.Signal(syscall.SIGTERM)
	_ = e.command.Wait()
}

func (e *server) get(path string) string {
	response, err := http.Get(e.url + path)
	if err != nil {
		return ""
	}
	defer response.Body.Close()
	content, _ := io.ReadAll(response.Body)
	return string(content)
}

func (e *server) post(path string, body, answer any) {
	e.t.Helper()
	status, result := e.ask(path, body)
	if status != http.StatusOK {
		e.t.Fatalf("%s: %d %s", path, status, result)
	}
	if answer != nil {
		if err := json.Unmarshal(result, answer); err != nil {
			e.t.Fatal(err)
		}
	}
}

// raw is the answer to a request, whatever it is.
func (e *server) raw(path string, body any) string {
	e.t.Helper()
	_, result := e.ask(path, body)
	return string(result)
}

// root is where the version has its JSON gateway.
func (e *server) root() string {
	switch e.version[:strings.LastIndex(e.version, ".")] {
	case "3.0", "3.1", "3.2":
		return "/v3alpha"
	case "3.3":
		return "/v3beta"
	}
	return "/v3"
}

func (e *server) ask(path string, body any) (int, []byte) {
	e.t.Helper()
	content, err := json.Marshal(body)
	if err != nil {
		e.t.Fatal(err)
	}
	response, err := http.Post(e.url+e.root()+path, "application/json", bytes.NewReader(content))
	if err != nil {
		e.t.Fatal(err)
	}
	defer response.Body.Close()
	result, err := io.ReadAll(response.Body)
	if err != nil {
		e.t.Fatal(err)
	}
	return response.StatusCode, result
}

type object = map[string]any

// put writes keys in transactions, a hundred at a time.
func (e *server) put(count int, value string, every int) {
	var requests []object
	flush := func() {
		if len(requests) > 0 {
			e.post("/kv/txn", object{"success": requests}, nil)
			requests = nil
		}
	}
	for i := 0; i < count; i += every {
		key := []byte(fmt.Sprintf("/registry/items/%06d", i))
		requests = append(requests, object{"request_put": object{"key": key, "value": []byte(fmt.Sprintf("%s-%d", value, i))}})
		if len(requests) == 100 {
			flush()
		}
	}
	flush()
}

// fill writes keys with several revisions, deletes some, and makes leases.
func (e *server) fill(count int) {
	e.put(count, "first", 1)
	e.put(count, "second", 3)
	e.put(count, "third", 7)
	e.post("/kv/deleterange", object{"key": []byte("/registry/items/000010"), "range_end": []byte("/registry/items/000020")}, nil)
	for i := 0; i < 20; i++ {
		var lease struct{ ID string }
		e.post("/lease/grant", object{"TTL": fmt.Sprint(3600 + i), "ID": fmt.Sprint(7000 + i)}, &lease)
		e.post("/kv/put", object{"key": []byte(fmt.Sprintf("/registry/leased/%d", i)), "value": []byte("x"), "lease": lease.ID}, nil)
	}
}

// content is everything that must survive: the revision, every key with its revisions, an old revision, and the leases.
func (e *server) content() string {
	e.t.Helper()
	var now, old struct {
		Header struct{ Revision string }
		Kvs    []object
	}
	e.post("/kv/range", object{"key": []byte{0}, "range_end": []byte{0}}, &now)
	revision := now.Header.Revision
	e.post("/kv/range", object{"key": []byte{0}, "range_end": []byte{0}, "revision": "20", "limit": "5000"}, &old)
	var leases []object
	for i := 0; i < 20; i++ {
		var lease struct {
			ID, GrantedTTL string
			Keys           []string
		}
		e.post("/kv/lease/timetolive", object{"ID": fmt.Sprint(7000 + i), "keys": true}, &lease)
		leases = append(leases, object{"id": lease.ID, "ttl": lease.GrantedTTL, "keys": lease.Keys})
	}
	content, err := json.Marshal(object{"revision": revision, "now": now.Kvs, "old": old.Kvs, "leases": leases})
	if err != nil {
		e.t.Fatal(err)
	}
	return string(content)
}

// same fails unless the content is what it was.
func same(t testing.TB, before, after string) {
	t.Helper()
	if before == after {
		return
	}
	at := 0
	for at < len(before) && at < len(after) && before[at] == after[at] {
		at++
	}
	end := func(s string) string {
		if at+200 < len(s) {
			return s[at : at+200]
		}
		return s[at:]
	}
	t.Fatalf("the data differs at byte %d of %d and %d:\n%s\n%s", at, len(before), len(after), end(before), end(after))
}
