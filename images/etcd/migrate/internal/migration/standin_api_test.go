package migration

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
)

// keyStore is the v2 API.
type keyStore struct {
	Path string `json:"-"`
	Keys map[string]keyOf2
}

type keyOf2 struct{ Value, TTL string }

func (s *keyStore) save() {
	content, err := json.Marshal(s)
	demand(err)
	if len(s.Keys) > 0 {
		demand(os.WriteFile(s.Path, content, 0o600))
	}
}

func (s *keyStore) serve(w http.ResponseWriter, r *http.Request) {
	key := strings.TrimPrefix(r.URL.Path, "/v2/keys")
	w.Header().Set("Content-Type", "application/json")
	if r.Method == http.MethodPut {
		for other := range s.Keys {
			if strings.HasPrefix(other, key+"/") {
				w.WriteHeader(http.StatusForbidden)
				fmt.Fprintf(w, `{"errorCode":102,"message":"Not a file","cause":%q,"index":5}`, key)
				return
			}
		}
		s.Keys[key] = keyOf2{r.PostFormValue("value"), r.PostFormValue("ttl")}
		s.save()
		w.WriteHeader(http.StatusCreated)
	}
	node := map[string]any{"key": key, "value": s.Keys[key].Value, "modifiedIndex": 4, "createdIndex": 4}
	if s.Keys[key].TTL != "" {
		node["ttl"], node["expiration"] = 3599, "2030-01-01T00:00:00Z"
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"action": "set", "node": node})
}

// gateway is the part of the JSON gateway of 3.0 that attaching a lease needs.
func gateway(mux *http.ServeMux, path string) {
	keys := map[string]map[string]any{}
	for i := 0; i < 450; i++ {
		key := fmt.Sprintf("/registry/events/%03d", i)
		keys[key] = map[string]any{"key": []byte(key), "value": []byte("v")}
	}
	mux.HandleFunc("/v3alpha/kv/range", func(w http.ResponseWriter, r *http.Request) {
		var ask struct {
			Key      []byte
			RangeEnd []byte `json:"range_end"`
		}
		demand(json.NewDecoder(r.Body).Decode(&ask))
		var kvs []any
		for i := 0; i < 450 && len(kvs) < 200; i++ {
			key := fmt.Sprintf("/registry/events/%03d", i)
			if key >= string(ask.Key) && key < string(ask.RangeEnd) {
				kvs = append(kvs, keys[key])
			}
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"header": map[string]string{"revision": "9"}, "kvs": kvs})
	})
	mux.HandleFunc("/v3alpha/lease/grant", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"header":{"revision":"9"},"ID":"7587","TTL":"3600"}`)
	})
	leased := map[string]string{}
	mux.HandleFunc("/v3alpha/kv/put", func(w http.ResponseWriter, r *http.Request) {
		var put struct {
			Key   []byte
			Value []byte
			Lease string
		}
		demand(json.NewDecoder(r.Body).Decode(&put))
		leased[string(put.Key)] = put.Lease
		if len(leased) == 450 {
			content, err := json.Marshal(leased)
			demand(err)
			demand(os.WriteFile(path, content, 0o600))
		}
		fmt.Fprint(w, `{"header":{"revision":"10"}}`)
	})
}
