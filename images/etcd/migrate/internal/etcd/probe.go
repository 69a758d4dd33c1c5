package etcd

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
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
	return p.healthy(ctx)
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

// healthy: /health says so; or, where an alarm for lack of space makes it say no, a read that needs a leader gets through.
func (p *probe) healthy(ctx context.Context) error {
	status, body, err := p.request(ctx, http.MethodGet, "/health?exclude=NOSPACE", "")
	if err != nil {
		return err
	}
	text := strings.ReplaceAll(string(body), " ", "")
	if status == http.StatusOK && (strings.Contains(text, `"health":"true"`) || strings.Contains(text, `"health":true`)) {
		return nil
	}
	health := fmt.Errorf("/health answers %d", status)
	if p.version.Major < 3 {
		return health
	}
	status, body, err = p.request(ctx, http.MethodPost, ClientPaths(p.version.Line())+"/kv/range", `{"key":"AA==","limit":"1","keys_only":true}`)
	if err != nil {
		return health
	}
	if status == http.StatusOK || strings.Contains(string(body), "user name is empty") {
		return nil
	}
	return health
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
