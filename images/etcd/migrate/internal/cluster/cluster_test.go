package cluster

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/check"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/datadir"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
)

// member answers as a recorded member of 3.5 did.
func member(t *testing.T, id, leader, server, cluster string) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	answer := func(path, text string) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, text) })
	}
	answer("/version", fmt.Sprintf(`{"etcdserver":%q,"etcdcluster":%q}`, server, cluster))
	mux.HandleFunc("/health", func(http.ResponseWriter, *http.Request) { t.Error("/health was asked, which may go through the log") })
	answer("/v3/kv/range", `{"header":{}}`)
	answer("/v3/auth/authenticate", `{"header":{},"token":"a.1"}`)
	mux.HandleFunc("/v3/maintenance/status", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "a.1" {
			w.WriteHeader(http.StatusUnauthorized)
		}
		fmt.Fprintf(w, `{"header":{"member_id":%q,"revision":"29"},"version":%q,"dbSize":"24576","leader":%q,"raftIndex":"40","raftTerm":"3"}`, id, server, leader)
	})
	answer("/v3/cluster/member/list", `{"members":[{"ID":"1","name":"a","peerURLs":["http://a:2380"]},{"ID":"2","name":"b"},{"ID":"3"}]}`)
	answer("/v3/maintenance/alarm", `{"alarms":[{"memberID":"1","alarm":"NOSPACE"}]}`)
	mux.HandleFunc("/v3/maintenance/snapshot", func(w http.ResponseWriter, r *http.Request) {
		for _, part := range []string{"first", "second"} {
			fmt.Fprintf(w, `{"result":{"remaining_bytes":"1","blob":%q}}`+"\n", base64.StdEncoding.EncodeToString([]byte(part)))
		}
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func TestStatusAndSnapshot(t *testing.T) {
	s := member(t, "1", "1", "3.5.16", "3.5.0")
	client, err := New(Config{Endpoints: []string{s.URL}, User: "root", Password: "secret", Timeout: 5 * time.Second, SnapshotTimeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	status := client.Status(context.Background(), s.URL)
	if status.Problem != "" || !status.Healthy || !status.IsLeader() || status.Revision != 29 || status.DatabaseSize != 24576 {
		t.Errorf("%+v", status)
	}
	members, err := client.Members(context.Background(), status)
	alarms, err2 := client.Alarms(context.Background(), status)
	if err != nil || err2 != nil || len(members) != 3 || len(alarms) != 1 {
		t.Errorf("%v %v %v %v", members, alarms, err, err2)
	}
	path := filepath.Join(t.TempDir(), "s.db")
	broken := errors.New("broken")
	if err := client.Snapshot(context.Background(), status, path, func(string) error { return broken }); !errors.Is(err, broken) {
		t.Error(err)
	}
	if err := client.Snapshot(context.Background(), status, path, func(string) error { return nil }); err != nil {
		t.Error(err)
	}
	if content, _ := os.ReadFile(path); string(content) != "firstsecond" {
		t.Errorf("%q", content)
	}
	if err := client.Snapshot(context.Background(), status, path, func(string) error { return nil }); err == nil {
		t.Error("an existing file was overwritten")
	}
}

func judge(expect string, statuses ...Status) string {
	line, _ := version.ParseLine(expect)
	r := &Report{Endpoints: statuses, Members: []Member{{ID: "1", Name: "a"}}}
	r.Judge(line)
	var codes []string
	for _, f := range r.Findings {
		if f.Severity != check.Note {
			codes = append(codes, f.Code)
		}
	}
	return strings.Join(codes, " ")
}

func TestJudge(t *testing.T) {
	good := Status{Endpoint: "x", Healthy: true, Version: "3.5.16", ClusterVersion: "3.5.0", ID: "1", Leader: "1"}
	with := func(change func(*Status)) Status { s := good; change(&s); return s }
	for want, statuses := range map[string][]Status{
		"":                    {good},
		"unreachable unasked": {{Endpoint: "x", Problem: "refused"}},
		"health":              {with(func(s *Status) { s.Healthy = false })},
		"leader":              {good, with(func(s *Status) { s.Leader = "2"; s.ID = "2" })},
		"cluster-version":     {with(func(s *Status) { s.ClusterVersion = "3.4.0" })},
		"version":             {with(func(s *Status) { s.Version = "3.6.1" })},
		"version mixed":       {good, with(func(s *Status) { s.Version = "3.7.1" })},
		"leader leader":       {good, with(func(s *Status) { s.Leader = "" })},
	} {
		if got := judge("3.5", statuses...); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}

// TestJudgeRolesAndLogs: what 3.6 and 3.7 would stumble over is an error, wherever it shows.
func TestJudgeRolesAndLogs(t *testing.T) {
	r := &Report{Endpoints: []Status{{Endpoint: "x", Healthy: true, Version: "3.5.30", ClusterVersion: "3.5.0", ID: "1", Leader: "1", Learner: true}},
		Members: []Member{{ID: "1", Name: "a"}}}
	r.Judge(version.Line{})
	r.JudgeLog("/d", &datadir.Facts{DatabaseVersion: version.Line{Major: 3, Minor: 6}, Log: datadir.Log{V2Requests: 1, V2Records: 1, V2Keys: true}})
	text := fmt.Sprint(r.Findings)
	for _, code := range []string{"other-role", "patch", "log", "v2-data", "v2-log", "v2-records"} {
		if !strings.Contains(text, " "+code+" ") {
			t.Errorf("%s is not in %s", code, text)
		}
	}
}

func FuzzAnswers(f *testing.F) {
	f.Add([]byte(`{"header":{"member_id":"1"},"leader":1,"dbSize":{}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(body) }))
		defer s.Close()
		client, err := New(Config{Endpoints: []string{s.URL}, Timeout: time.Second, SnapshotTimeout: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		status := client.Status(context.Background(), s.URL)
		status.Version = "3.5.0"
		_, _ = client.Members(context.Background(), status)
		_, _ = client.Alarms(context.Background(), status)
		_, err = json.Marshal(status)
		if err != nil {
			t.Error(err)
		}
	})
}
