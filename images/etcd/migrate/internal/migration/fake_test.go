package migration

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/etcd"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/protobuf"
)

// The test program plays the programs of etcd: a script by the name of each calls it with the name as first argument. What it answers was recorded
// from real ones where they were at hand (3.3 to 3.5), and is what their documentation says for 2.3, 3.0 and 3.6.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "play" {
		play(os.Args[2], os.Args[3:])
		return
	}
	if name := strings.TrimSuffix(filepath.Base(os.Args[0]), etcd.Suffix); strings.HasPrefix(name, "etcd") {
		play(name, os.Args[1:]) // a copy of the test program, where there are no scripts
		return
	}
	os.Exit(m.Run())
}

// fakes makes a folder of programs.
func fakes(t testing.TB, versions ...string) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "bin")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range versions {
		for _, program := range []string{"etcd", "etcdctl", "etcdutl"} {
			if program == "etcdutl" && !strings.HasPrefix(v, "3.5") && !strings.HasPrefix(v, "3.6") {
				continue
			}
			name := program + "-" + v
			script := []byte(fmt.Sprintf("#!/bin/sh\nexec %q play %s \"$@\"\n", self, name))
			if runtime.GOOS == "windows" {
				if script, err = os.ReadFile(self); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.WriteFile(filepath.Join(folder, name+etcd.Suffix), script, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	return folder
}

// flags reads --a=b words; the others are the command.
func flags(arguments []string) (map[string]string, string) {
	result, words := map[string]string{}, []string{}
	for _, a := range arguments {
		if name, value, _ := strings.Cut(strings.TrimLeft(a, "-"), "="); strings.HasPrefix(a, "-") {
			result[name] = value
		} else {
			words = append(words, a)
		}
	}
	return result, strings.Join(words, " ")
}

func demand(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "fake:", err)
		os.Exit(1)
	}
}

func play(name string, arguments []string) {
	program, v, _ := strings.Cut(name, "-")
	set, command := flags(arguments)
	member := filepath.Join(set["data-dir"], "member")
	switch {
	case program == "etcd":
		_, version := set["version"]
		_, help := set["help"]
		switch {
		case version:
			fmt.Println("etcd Version: " + v)
		case help:
			fmt.Println("--data-dir --name --initial-cluster --heartbeat-interval --election-timeout --listen-peer-urls")
		default:
			playServer(v, set)
		}
	case strings.HasPrefix(command, "snapshot save "):
		response, err := http.Get(set["endpoints"] + "/database") // of the fake server alone
		demand(err)
		content, err := io.ReadAll(response.Body)
		demand(err)
		sum := sha256.Sum256(content)
		demand(os.WriteFile(strings.TrimPrefix(command, "snapshot save "), append(content, sum[:]...), 0o600))
	case strings.HasPrefix(command, "snapshot restore "):
		content, err := os.ReadFile(strings.TrimPrefix(command, "snapshot restore "))
		demand(err)
		newMember(member, content[:len(content)-sha256.Size], v)
	case command == "migrate" && program == "etcdutl":
		if set["target-version"] == "" {
			os.Exit(128)
		}
		setClusterVersion(member, set["target-version"]+".0")
	case command == "migrate" && program == "etcdctl":
		demand(os.WriteFile(filepath.Join(member, "converted"), []byte(os.Getenv("ETCDCTL_API")), 0o600))
	default:
		demand(fmt.Errorf("%s does not know %q", name, command))
	}
}

func newMember(member string, database []byte, v string) {
	demand(os.MkdirAll(filepath.Join(member, "snap"), 0o700))
	demand(os.MkdirAll(filepath.Join(member, "wal"), 0o700))
	demand(os.WriteFile(filepath.Join(member, "snap", "db"), database, 0o600))
	demand(os.WriteFile(filepath.Join(member, "wal", logName), nil, 0o600))
	setClusterVersion(member, v)
}

const logName = "0000000000000000-0000000000000000.wal"

// setClusterVersion appends an entry to the log as an etcd does when the cluster version moves.
func setClusterVersion(member, v string) {
	path := filepath.Join(member, "wal", logName)
	content, err := os.ReadFile(path)
	demand(err)
	content, sum := usedPart(content)
	request := append([]byte{0xa2, 0x51}, field(append([]byte{0x0a}, field([]byte(v))...))...) // field 1300: cluster_version_set
	entry := append([]byte{0x10, 0x02, 0x18, 0xe8, 0x07, 0x22}, field(request)...)             // term 2, index 1000, data
	sum = crc32.Update(sum, crc32.MakeTable(crc32.Castagnoli), entry)
	record := append([]byte{0x08, 0x02, 0x10}, binary.AppendUvarint(nil, uint64(sum))...)
	record = append(append(record, 0x1a), field(entry)...)
	frame := make([]byte, 8)
	padding := (8 - len(record)%8) % 8
	length := uint64(len(record))
	if padding > 0 {
		length |= uint64(0x80|padding) << 56
	}
	binary.LittleEndian.PutUint64(frame, length)
	content = append(append(append(content, frame...), record...), make([]byte, padding+16)...)
	demand(os.WriteFile(path, content, 0o600))
}

func field(data []byte) []byte { return append(binary.AppendUvarint(nil, uint64(len(data))), data...) }

// usedPart is the log up to its last record, and that record's checksum.
func usedPart(content []byte) ([]byte, uint32) {
	at, sum := 0, uint32(0)
	for at+8 <= len(content) {
		head := binary.LittleEndian.Uint64(content[at:])
		if head == 0 {
			break
		}
		length, padding := int(head&^(uint64(0xff)<<56)), int(head>>56&7)
		_ = protobuf.Each(content[at+8:at+8+length], func(f protobuf.Field) error {
			if f.Number == 2 {
				sum = uint32(f.Value)
			}
			return nil
		})
		at += 8 + length + padding
	}
	return content[:at], sum
}

// playServer answers as the version does until it is interrupted.
func playServer(v string, set map[string]string) {
	if set["die"] != "" {
		demand(fmt.Errorf("told to die, with the secret %s", set["die"]))
	}
	member := filepath.Join(set["data-dir"], "member")
	minor := v[:strings.LastIndex(v, ".")]
	if strings.HasPrefix(v, "2.") {
		newMember(member, nil, v)
	} else {
		setClusterVersion(member, minor+".0")
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/version", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"etcdserver":%q,"etcdcluster":%q}`, v, minor+".0")
	})
	mux.HandleFunc("/health", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"health": "true"}`) })
	mux.HandleFunc("/database", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, filepath.Join(member, "snap", "db"))
	})
	store := &keyStore{Path: filepath.Join(member, "v2.json"), Keys: map[string]keyOf2{}}
	mux.HandleFunc("/v2/keys/", store.serve)
	gateway(mux, filepath.Join(member, "leased.json"))
	u, err := url.Parse(strings.Split(set["listen-client-urls"], ",")[0])
	demand(err)
	listener, err := net.Listen("tcp", u.Host)
	demand(err)
	go func() { _ = http.Serve(listener, mux) }()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt)
	<-signals
}

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
