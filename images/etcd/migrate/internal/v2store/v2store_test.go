package v2store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/datadir"
)

// TestCheck has one case for each kind of key that the v2 store would not give back as it was.
func TestCheck(t *testing.T) {
	for _, c := range []struct {
		key, value string
		ok         bool
	}{
		{"/registry/a", "b", true}, {"/a", "", true}, {"/ü/日本", "ü", true}, {"/a b?c#d%", "x", true},
		{"/", "x", false}, {"/a/", "x", false}, {"/a//b", "x", false}, {"/a/./b", "x", false}, {"/a/../b", "x", false},
		{"/a\xff", "x", false}, {"/a", "\xff", false}, {"/k8s", "k8s\x00\n\x0c\n\x02v1", true},
	} {
		err := Check(datadir.KeyValue{Key: c.key, Value: c.value})
		if (err == nil) != c.ok || err != nil && !errors.Is(err, ErrNotRepresentable) {
			t.Errorf("%q: %v", c.key, err)
		}
	}
}

// api is a v2 store in memory, with what the real one does to a key.
type api struct {
	keys   map[string]string
	ttl    map[string]string
	change func(key string) // before it is read
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key := strings.TrimPrefix(r.URL.Path, "/v2/keys")
	switch r.Method {
	case http.MethodPut:
		for other := range a.keys {
			if strings.HasPrefix(other, key+"/") {
				w.WriteHeader(http.StatusForbidden)
				fmt.Fprint(w, `{"errorCode":102,"message":"Not a file"}`)
				return
			}
		}
		a.keys[key], a.ttl[key] = r.FormValue("value"), r.FormValue("ttl")
		w.WriteHeader(http.StatusCreated)
	case http.MethodDelete:
		for other := range a.keys {
			if other == key || strings.HasPrefix(other, key+"/") {
				delete(a.keys, other)
			}
		}
	default:
		if a.change != nil {
			a.change(key)
		}
		if key == "/" {
			tops := map[string]bool{}
			for other := range a.keys {
				tops["/"+strings.Split(other, "/")[1]] = true
			}
			var nodes []map[string]string
			for top := range tops {
				nodes = append(nodes, map[string]string{"key": top})
			}
			_ = json.NewEncoder(w).Encode(map[string]any{"node": map[string]any{"dir": true, "nodes": nodes}})
			return
		}
		value, found := a.keys[key]
		if !found {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"errorCode":100,"message":"Key not found"}`)
			return
		}
		node := map[string]any{"key": key, "value": value}
		if a.ttl[key] != "" {
			node["ttl"] = 3599
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"node": node})
	}
}

func serve(t *testing.T, handler http.Handler) string {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s.URL
}

var recorded = filepath.Join("..", "datadir", "testdata", "etcd-3.5.16", "member", "snap", "db")

// TestReplay writes every key of a database, and notices when one does not come back.
func TestReplay(t *testing.T) {
	for name, c := range map[string]struct {
		change func(a *api, key string)
		want   string
	}{
		"as it was":  {nil, ""},
		"a value":    {func(a *api, key string) { a.keys[key] += "!" }, "did not come back"},
		"a lifetime": {func(a *api, key string) { a.ttl[key] = "5" }, "did not come back"},
		"gone":       {func(a *api, key string) { delete(a.keys, key) }, "Key not found"},
	} {
		a := &api{keys: map[string]string{}, ttl: map[string]string{}}
		if c.change != nil {
			a.change = func(key string) { c.change(a, key) }
		}
		counts, err := Replay(context.Background(), recorded, NewStore(serve(t, a)))
		if c.want == "" && (err != nil || counts.Written != 4 || counts.Leased != 1 || counts.Skipped != 0 || len(a.keys) != 4) ||
			c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %+v, %v", name, counts, err)
		}
	}
}

func TestFits(t *testing.T) {
	if err := Fits(recorded); err != nil {
		t.Error(err)
	}
	if err := Fits(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a database that is not there fits")
	}
}

// TestKeyThatIsAlsoAFolder is refused by the store, and said as what it is.
func TestKeyThatIsAlsoAFolder(t *testing.T) {
	store := NewStore(serve(t, &api{keys: map[string]string{"/a/b": "x"}, ttl: map[string]string{}}))
	if err := store.Put(context.Background(), datadir.KeyValue{Key: "/a", Value: "y"}); !errors.Is(err, ErrNotRepresentable) || !strings.Contains(err.Error(), "Not a file") {
		t.Error(err)
	}
}

func TestClearDeletesEveryFolder(t *testing.T) {
	a := &api{keys: map[string]string{"/a": "x", "/registry/b/c": "y", "/registry/d": "z"}, ttl: map[string]string{}}
	if err := NewStore(serve(t, a)).Clear(context.Background()); err != nil || len(a.keys) > 0 {
		t.Errorf("%v, %v", a.keys, err)
	}
}

// TestAttachLease goes page by page, over the keys below the directory and no others.
func TestAttachLease(t *testing.T) {
	for _, count := range []int{0, 1, page - 1, page, page + 1, 2*page + 5} {
		var keys []string
		for i := 0; i < count; i++ {
			keys = append(keys, fmt.Sprintf("/events/%05d", i))
		}
		all := append([]string{"/eventsx", "/event"}, keys...)
		sort.Strings(all)
		leased, granted := map[string]string{}, 0
		mux := http.NewServeMux()
		mux.HandleFunc("/v3alpha/kv/range", func(w http.ResponseWriter, r *http.Request) {
			var ask struct {
				Key      []byte
				RangeEnd []byte `json:"range_end"`
			}
			_ = json.NewDecoder(r.Body).Decode(&ask)
			var kvs []map[string]any
			for _, key := range all {
				if key >= string(ask.Key) && key < string(ask.RangeEnd) && len(kvs) < page {
					kvs = append(kvs, map[string]any{"key": []byte(key), "value": []byte("v")})
				}
			}
			_ = json.NewEncoder(w).Encode(map[string]any{"kvs": kvs})
		})
		mux.HandleFunc("/v3alpha/lease/grant", func(w http.ResponseWriter, _ *http.Request) { granted++; fmt.Fprint(w, `{"ID":"7"}`) })
		mux.HandleFunc("/v3alpha/kv/put", func(w http.ResponseWriter, r *http.Request) {
			var put struct {
				Key   []byte
				Lease string
			}
			_ = json.NewDecoder(r.Body).Decode(&put)
			leased[string(put.Key)] = put.Lease
			fmt.Fprint(w, "{}")
		})
		n, err := NewGateway(serve(t, mux), "/v3alpha").AttachLease(context.Background(), "/events")
		if err != nil || n != count || len(leased) != count || granted > 1 || granted == 0 && count > 0 {
			t.Errorf("%d keys: %d, %d under a lease, %d leases, %v", count, n, len(leased), granted, err)
		}
	}
	refused := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	if _, err := NewGateway(refused, "/v3alpha").AttachLease(context.Background(), "/events"); err == nil || !strings.Contains(err.Error(), "418") {
		t.Error(err)
	}
}
