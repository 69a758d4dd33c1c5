// Package v2store moves keys between the v2 and the v3 API of a running etcd: into a 2.3 member, and under a lease once
// they have become v3 keys. It speaks HTTP only.
package v2store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/datadir"
)

// LeaseSeconds is the life that keys with a lease get on the other side: the hour that Kubernetes gives its events.
const LeaseSeconds = 3600

const (
	requestTimeout = 30 * time.Second
	maxAnswer      = 64 << 20
)

// ErrNotRepresentable reports a key that the v2 store cannot hold.
var ErrNotRepresentable = errors.New("the v2 store cannot hold this key")

// Store is the v2 API of a server.
type Store struct {
	URL    string
	Client *http.Client
}

// NewStore talks to a server at a URL, not through any proxy.
func NewStore(url string) *Store {
	return &Store{URL: url, Client: &http.Client{Timeout: requestTimeout, Transport: &http.Transport{Proxy: nil, MaxIdleConnsPerHost: 2}}}
}

// Check returns an error for a key that would not come back as it was. The v2 store keeps a tree of names with text in it: it cleans paths,
// and writes text as JSON.
func Check(kv datadir.KeyValue) error {
	switch {
	case path.Clean(kv.Key) != kv.Key || kv.Key == "/":
		return fmt.Errorf("%w: %.100q is not a clean path", ErrNotRepresentable, kv.Key)
	case !utf8.ValidString(kv.Key) || !utf8.ValidString(kv.Value):
		return fmt.Errorf("%w: %.100q or its value is not UTF-8 text", ErrNotRepresentable, kv.Key)
	}
	return nil
}

// Put writes a key. One with a lease lives for LeaseSeconds from now.
func (s *Store) Put(ctx context.Context, kv datadir.KeyValue) error {
	if err := Check(kv); err != nil {
		return err
	}
	form := url.Values{"value": {kv.Value}}
	if kv.Lease != 0 {
		form.Set("ttl", fmt.Sprint(LeaseSeconds))
	}
	status, body, err := s.do(ctx, http.MethodPut, kv.Key, "", strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	if status != http.StatusOK && status != http.StatusCreated {
		return fmt.Errorf("%w: %.100q: %s", ErrNotRepresentable, kv.Key, answerError(status, body))
	}
	return nil
}

// Get reads a key back; leased tells whether it has a limited life.
func (s *Store) Get(ctx context.Context, key string) (value string, leased bool, err error) {
	status, body, err := s.do(ctx, http.MethodGet, key, "?quorum=true", nil)
	if err != nil {
		return "", false, err
	}
	var answer struct {
		Node struct {
			Value      string `json:"value"`
			TTL        int64  `json:"ttl"`
			Expiration string `json:"expiration"`
		} `json:"node"`
	}
	if status != http.StatusOK {
		return "", false, errors.New(answerError(status, body))
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return "", false, err
	}
	return answer.Node.Value, answer.Node.TTL > 0 || answer.Node.Expiration != "", nil
}

// Clear deletes every key. A folder that is not listed, since its name begins with an underscore, is deleted only with the one above it.
func (s *Store) Clear(ctx context.Context) error {
	status, body, err := s.do(ctx, http.MethodGet, "/", "", nil)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return errors.New(answerError(status, body))
	}
	var answer struct {
		Node struct {
			Nodes []struct {
				Key string `json:"key"`
			} `json:"nodes"`
		} `json:"node"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return err
	}
	for _, node := range answer.Node.Nodes {
		status, body, err := s.do(ctx, http.MethodDelete, node.Key, "?recursive=true", nil)
		if err != nil {
			return err
		}
		if status != http.StatusOK && status != http.StatusNotFound {
			return fmt.Errorf("deleting %.100q: %s", node.Key, answerError(status, body))
		}
	}
	return nil
}

func (s *Store) do(ctx context.Context, method, key, query string, body io.Reader) (int, []byte, error) {
	target := s.URL + "/v2/keys" + (&url.URL{Path: key}).EscapedPath() + query
	request, err := http.NewRequestWithContext(ctx, method, target, body)
	if err != nil {
		return 0, nil, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return perform(s.Client, request)
}

func perform(client *http.Client, request *http.Request) (int, []byte, error) {
	response, err := client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err == nil && len(content) > maxAnswer {
		err = errors.New("the answer is too long")
	}
	return response.StatusCode, content, err
}

func answerError(status int, body []byte) string {
	var answer struct {
		Code    int    `json:"errorCode"`
		Message string `json:"message"`
	}
	if json.Unmarshal(body, &answer) == nil && answer.Message != "" {
		return fmt.Sprintf("%s (code %d)", answer.Message, answer.Code)
	}
	return fmt.Sprintf("HTTP status %d", status)
}
