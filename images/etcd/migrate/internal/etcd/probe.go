package etcd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
)

const (
	requestTimeout = 5 * time.Second
	maxAnswer      = 1 << 20
)

// probe asks a server how it is. All its requests only read.
type probe struct {
	url     string
	version version.Version
	client  *http.Client
}

func newProbe(url string, v version.Version) *probe {
	transport := &http.Transport{Proxy: nil, DisableKeepAlives: true} // no proxy stands between us and our own child
	return &probe{url: url, version: v, client: &http.Client{Timeout: requestTimeout, Transport: transport}}
}

// ready asks for the versions, and for something that needs a leader. It does not ask /health: up to 3.5 that may be a quorum read of the v2 API, which
// goes through the log, and etcd 3.6 panics on the entry.
func (p *probe) ready(ctx context.Context, cluster version.Line) error {
	server, agreed, err := p.versions(ctx)
	if err != nil {
		return err
	}
	if server != p.version.String() {
		return fmt.Errorf("etcd %s answers, not %s", server, p.version)
	}
	if line, err := version.ParseLine(agreed); !cluster.IsZero() && (err != nil || line != cluster) {
		return fmt.Errorf("the cluster version is %q, not yet %s", agreed, cluster)
	}
	if p.version.Major < 3 {
		return p.hasLeader(ctx)
	}
	return p.reads(ctx)
}

func (p *probe) versions(ctx context.Context) (server, cluster string, err error) {
	status, body, err := p.request(ctx, http.MethodGet, "/version", "")
	if err != nil {
		return "", "", err
	}
	var answer struct {
		Server  string `json:"etcdserver"`
		Cluster string `json:"etcdcluster"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || status != http.StatusOK {
		return "", "", fmt.Errorf("/version answers %d", status)
	}
	return answer.Server, answer.Cluster, nil
}

// hasLeader asks etcd 2.x, where every other question that needs a leader goes through the log.
func (p *probe) hasLeader(ctx context.Context) error {
	status, body, err := p.request(ctx, http.MethodGet, "/v2/stats/self", "")
	if err != nil {
		return err
	}
	var answer struct {
		LeaderInfo struct {
			Leader string `json:"leader"`
		} `json:"leaderInfo"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || status != http.StatusOK {
		return fmt.Errorf("/v2/stats/self answers %d", status)
	}
	if answer.LeaderInfo.Leader == "" {
		return errors.New("there is no leader yet")
	}
	return nil
}

// answered are the errors of a read that a working etcd refuses: auth is on, or the log begins at a version without the v3 API.
var answered = []string{"user name is empty", "not capable"}

// reads tries a linearizable read, which needs a leader.
func (p *probe) reads(ctx context.Context) error {
	status, body, err := p.request(ctx, http.MethodPost, ClientPaths(p.version.Line())+"/kv/range", `{"key":"AA==","limit":"1","keys_only":true}`)
	if err != nil || status == http.StatusOK {
		return err
	}
	for _, text := range answered {
		if strings.Contains(string(body), text) {
			return nil
		}
	}
	return fmt.Errorf("a read answers %d: %.200s", status, body)
}

// nudge sends the log an entry that changes nothing: a compaction at the last of all revisions, which etcd proposes, and refuses when it applies
// it. It reports whether etcd did so.
func (p *probe) nudge(ctx context.Context) bool {
	_, body, err := p.request(ctx, http.MethodPost, ClientPaths(p.version.Line())+"/kv/compaction", fmt.Sprintf(`{"revision":"%d"}`, int64(math.MaxInt64)))
	return err == nil && strings.Contains(string(body), "future revision")
}

// agreed is the cluster version and, of 3.6 and later, the storage version.
func (p *probe) agreed(ctx context.Context) (cluster, storage version.Line, err error) {
	_, body, err := p.request(ctx, http.MethodGet, "/version", "")
	if err != nil {
		return cluster, storage, err
	}
	var answer struct {
		Cluster string `json:"etcdcluster"`
		Storage string `json:"storage"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return cluster, storage, err
	}
	if cluster, err = version.ParseLine(answer.Cluster); err != nil {
		return cluster, storage, err
	}
	storage, err = version.ParseLine(answer.Storage)
	return cluster, storage, err
}

func (p *probe) request(ctx context.Context, method, path, body string) (int, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, p.url+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	response, err := p.client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	return response.StatusCode, content, err
}
