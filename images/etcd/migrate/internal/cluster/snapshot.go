package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/durable"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
)

// Snapshot writes a member's snapshot to a file that does not exist yet. verify looks at it before it gets its name.
func (c *Client) Snapshot(ctx context.Context, s Status, path string, verify func(path string) error) error {
	if durable.Exists(path) {
		return fmt.Errorf("%s exists already", path)
	}
	v, err := version.Parse(s.Version)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.config.SnapshotTimeout)
	defer cancel()
	response, err := c.send(ctx, http.MethodPost, s.Endpoint+gateway(v)+"/maintenance/snapshot", struct{}{})
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %d to the request for a snapshot", s.Endpoint, response.StatusCode)
	}
	partial := path + ".partial"
	if err = receive(response.Body, partial); err == nil {
		err = verify(partial)
	}
	if err != nil {
		os.Remove(partial)
		return err
	}
	return durable.Rename(partial, path)
}

// receive decodes a stream of JSON objects, each with a part of the file.
func receive(body io.Reader, path string) error {
	out, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(body)
	for err == nil {
		var part struct {
			Result struct{ Blob []byte }
			Error  json.RawMessage
		}
		if err = decoder.Decode(&part); errors.Is(err, io.EOF) {
			err = nil
			break
		}
		if err == nil && len(part.Error) > 0 && string(part.Error) != "null" {
			err = errors.New("the member ended the snapshot with an error")
		}
		if err == nil {
			_, err = out.Write(part.Result.Blob)
		}
	}
	if err == nil {
		err = out.Sync()
	}
	if closing := out.Close(); err == nil {
		err = closing
	}
	return err
}
