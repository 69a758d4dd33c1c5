package v2store

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// Gateway is the JSON form of the v3 API: Root is /v3alpha for the versions that still convert v2 data.
type Gateway struct {
	Store
	Root string
}

// NewGateway talks to a server's gateway.
func NewGateway(url, root string) *Gateway { return &Gateway{*NewStore(url), root} }

// page is how many keys are asked for at a time.
const page = 200

// bytesField is base64 in JSON, as the gateway has it.
type keyValue struct {
	Key   []byte `json:"key"`
	Value []byte `json:"value"`
}

// AttachLease gives one new lease to all keys below a directory, by writing each again with its own value. It returns how many
// there were. A directory without keys needs no lease.
func (g *Gateway) AttachLease(ctx context.Context, directory string) (int, error) {
	prefix := []byte(strings.TrimSuffix(directory, "/") + "/")
	var lease string
	count := 0
	for next := prefix; ; {
		keys, err := g.list(ctx, next, prefixEnd(prefix))
		if err != nil || len(keys) == 0 {
			return count, err
		}
		if lease == "" {
			if lease, err = g.grant(ctx); err != nil {
				return count, err
			}
		}
		for _, kv := range keys {
			if err := g.post(ctx, "/kv/put", map[string]any{"key": kv.Key, "value": kv.Value, "lease": lease}, nil); err != nil {
				return count, err
			}
			count++
		}
		last := keys[len(keys)-1].Key
		if len(keys) < page || bytes.Compare(last, next) < 0 {
			return count, nil
		}
		next = append(append([]byte{}, last...), 0)
	}
}

// prefixEnd is the key after all those with the prefix; a prefix here ends in a slash.
func prefixEnd(prefix []byte) []byte {
	end := append([]byte{}, prefix...)
	end[len(end)-1]++
	return end
}

func (g *Gateway) list(ctx context.Context, from, to []byte) ([]keyValue, error) {
	var answer struct {
		Kvs []keyValue `json:"kvs"`
	}
	err := g.post(ctx, "/kv/range", map[string]any{"key": from, "range_end": to, "limit": fmt.Sprint(page)}, &answer)
	return answer.Kvs, err
}

func (g *Gateway) grant(ctx context.Context) (string, error) {
	var answer struct {
		ID    string `json:"ID"`
		Error string `json:"error"`
	}
	if err := g.post(ctx, "/lease/grant", map[string]any{"TTL": fmt.Sprint(LeaseSeconds)}, &answer); err != nil {
		return "", err
	}
	if answer.Error != "" || answer.ID == "" {
		return "", fmt.Errorf("no lease was granted: %s", answer.Error)
	}
	return answer.ID, nil
}

func (g *Gateway) post(ctx context.Context, path string, body, answer any) error {
	content, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, g.URL+g.Root+path, bytes.NewReader(content))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	status, result, err := perform(g.Client, request)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("%s answers %d", path, status)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(result, answer)
}
