//go:build etcd

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/datadir"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
)

// minors is the newest patch of every minor that ETCD_BINARIES holds, in order.
func minors(t *testing.T) []string {
	t.Helper()
	var all []string
	for line := (version.Line{Major: 2, Minor: 3}); line.Less(version.Line{Major: 3, Minor: 100}); line = line.Next() {
		if v := newest(line.String()); v != "" {
			all = append(all, v)
		}
	}
	return all
}

// TestEveryWay goes from every minor that is at hand to every other one that migrate promises: up to all, down by one. The target must serve the same
// keys, revisions and leases, the same history to a watcher, and the same compaction; and it must take a new key.
func TestEveryWay(t *testing.T) {
	all := minors(t)
	table := fmt.Sprintf("%-9s", "from\\to")
	for _, to := range all {
		table += fmt.Sprintf("%9s", to)
	}
	for i, from := range all {
		table += fmt.Sprintf("\n%-9s", from)
		for j, to := range all {
			mark := "."
			if j > i || j == i-1 {
				mark = "not run"
				if passed := t.Run(from+" to "+to, func(t *testing.T) { mark = "ok"; goes(t, all, from, to) }); !passed {
					mark = "FAILED"
				}
			}
			table += fmt.Sprintf("%9s", mark)
		}
	}
	t.Log("\n" + table)
}

func storage(v string) string {
	if strings.HasPrefix(v, "2.") {
		return "etcd2"
	}
	return "etcd3"
}

// goes makes data with one version, migrates it, and lets the other version serve it.
func goes(t *testing.T, all []string, from, to string) {
	s := newSetup(t, all...)
	etcd := s.start(t, from)
	before := etcd.write()
	etcd.stop()
	template := s.dir + "-before"
	copyDir(t, s.dir, template)
	s.arguments = []string{"--target-storage=" + storage(to)}
	output := s.migrate(t, 0, to)
	etcd = s.start(t, to)
	after := etcd.read(storage(from) != storage(to))
	if storage(from) != storage(to) {
		before = before.unversioned()
	}
	if before.Watched == nil || after.Watched == nil {
		before.Watched, after.Watched = nil, nil
	}
	if before.String() != after.String() {
		t.Errorf("\n%s\nbecame\n%s\n%s", before, after, output)
	}
	if storage(to) == "etcd3" {
		etcd.post("/kv/put", object{"key": []byte("/new"), "value": []byte("x")}, nil)
	}
	etcd.stop()
	if storage(from) == "etcd3" && storage(to) == "etcd3" {
		if err := datadir.SameHistory(datadir.Paths{Data: s.dir}.Database(), datadir.Paths{Data: template}.Database()); err != nil {
			t.Error(err)
		}
	}
	etcd = s.start(t, to) // a log that cannot be read shows at the second start at the latest
	etcd.stop()
}

// content is what a server holds, as clients see it.
type content struct {
	Keys      []string // with value, revisions and lease
	Watched   []string
	Compacted bool // a read before the compaction is refused
}

func (c content) String() string {
	text, _ := json.Marshal(c)
	return string(text)
}

// unversioned is what is left where revisions are lost.
func (c content) unversioned() content {
	var keys []string
	for _, key := range c.Keys {
		keys = append(keys, strings.SplitN(key, " @", 2)[0])
	}
	return content{Keys: keys}
}

const compactedAt = 8

// write makes keys in several revisions, one deleted, one with a lease, and a compaction; in 2.x, keys.
func (e *server) write() content {
	e.t.Helper()
	if storage(e.version) == "etcd2" {
		for i := 0; i < 12; i++ {
			e.put2(fmt.Sprintf("/registry/items/%02d", i), fmt.Sprintf("v2-%d", i), "")
		}
		return e.read(true)
	}
	for round := 0; round < 2; round++ {
		for i := 0; i < 12; i++ {
			e.post("/kv/put", object{"key": []byte(fmt.Sprintf("/registry/items/%02d", i)), "value": []byte(fmt.Sprintf("v%d-%d", round, i))}, nil)
		}
	}
	e.post("/lease/grant", object{"TTL": "3600", "ID": "7001"}, nil)
	e.post("/kv/put", object{"key": []byte("/registry/leased"), "value": []byte("x"), "lease": "7001"}, nil)
	e.post("/kv/deleterange", object{"key": []byte("/registry/items/03")}, nil)
	e.post("/kv/compaction", object{"revision": fmt.Sprint(compactedAt)}, nil)
	return e.read(false)
}

func (e *server) put2(key, value, ttl string) {
	e.t.Helper()
	form := url.Values{"value": {value}}
	if ttl != "" {
		form.Set("ttl", ttl)
	}
	request, err := http.NewRequest(http.MethodPut, e.url+"/v2/keys"+key, strings.NewReader(form.Encode()))
	if err != nil {
		e.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultClient.Do(request)
	if err != nil || response.StatusCode > 201 {
		e.t.Fatal(err, response)
	}
	response.Body.Close()
}

// read asks for everything; without revisions and history if these are lost on the way.
func (e *server) read(bare bool) content {
	e.t.Helper()
	var c content
	if storage(e.version) == "etcd2" {
		var answer struct{ Node node2 }
		if err := json.Unmarshal([]byte(e.get("/v2/keys/?recursive=true&sorted=true")), &answer); err != nil {
			e.t.Fatal(err)
		}
		c.Keys = answer.Node.list(nil)
		return c
	}
	var now struct {
		Kvs []struct {
			Key, Value                                  []byte
			CreateRevision, ModRevision, Version, Lease string
			Create_revision, Mod_revision               string
		}
	}
	e.post("/kv/range", object{"key": []byte{0}, "range_end": []byte{0}}, &now)
	for _, kv := range now.Kvs {
		line := fmt.Sprintf("%s=%s", kv.Key, kv.Value)
		if !bare {
			line += fmt.Sprintf(" @%s %s %s %s", kv.Create_revision, kv.Mod_revision, kv.Version, kv.Lease)
		}
		c.Keys = append(c.Keys, line)
	}
	if !bare && !strings.HasPrefix(e.version, "3.0.") { // whose gateway ends a watch with the request
		c.Watched = e.watch(compactedAt+1, 19)
	}
	if !bare {
		c.Compacted = strings.Contains(e.raw("/kv/range", object{"key": []byte("/registry/items/01"), "revision": fmt.Sprint(compactedAt - 2)}), "compacted")
	}
	return c
}

type node2 struct {
	Key, Value string
	Dir        bool
	Nodes      []node2
}

func (n node2) list(keys []string) []string {
	if !n.Dir && n.Key != "" {
		return append(keys, n.Key+"="+n.Value)
	}
	for _, child := range n.Nodes {
		keys = child.list(keys)
	}
	return keys
}

// watch collects so many events from a revision on.
func (e *server) watch(revision, count int) []string {
	e.t.Helper()
	body, _ := json.Marshal(object{"create_request": object{"key": []byte("/registry/"), "range_end": []byte("/registry0"), "start_revision": fmt.Sprint(revision)}})
	client := &http.Client{Timeout: 20 * time.Second}
	response, err := client.Post(e.url+e.root()+"/watch", "application/json", bytes.NewReader(body))
	if err != nil {
		e.t.Fatal(err)
	}
	defer response.Body.Close()
	var events []string
	for decoder := json.NewDecoder(response.Body); len(events) < count; {
		var answer struct {
			Result struct {
				Events []struct {
					Type string
					Kv   struct {
						Key, Value   []byte
						Mod_revision string
					}
				}
			}
		}
		if err := decoder.Decode(&answer); err != nil {
			e.t.Fatal(err)
		}
		for _, event := range answer.Result.Events {
			events = append(events, fmt.Sprintf("%s %s=%s @%s", event.Type, event.Kv.Key, event.Kv.Value, event.Kv.Mod_revision))
		}
	}
	return events
}
