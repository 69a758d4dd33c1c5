// Package cluster asks the members of a running cluster, over HTTP, what the upgrade guides tell an operator to ask by
// hand.
package cluster

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
)

// Config is how members are reached.
type Config struct {
	Endpoints       []string
	CA, Cert, Key   string // files
	User, Password  string
	Timeout         time.Duration // of one request
	SnapshotTimeout time.Duration
}

const (
	maxAnswer    = 8 << 20
	maxEndpoints = 64
)

// Client talks to the members.
type Client struct {
	config Config
	http   *http.Client
	token  string
}

// New checks the configuration and reads the certificates.
func New(config Config) (*Client, error) {
	if len(config.Endpoints) == 0 || len(config.Endpoints) > maxEndpoints {
		return nil, fmt.Errorf("give 1 to %d endpoints", maxEndpoints)
	}
	settings := &tls.Config{MinVersion: tls.VersionTLS12}
	if config.CA != "" {
		content, err := os.ReadFile(config.CA)
		if err != nil {
			return nil, err
		}
		settings.RootCAs = x509.NewCertPool()
		if !settings.RootCAs.AppendCertsFromPEM(content) {
			return nil, fmt.Errorf("%s holds no certificate", config.CA)
		}
	}
	if config.Cert != "" || config.Key != "" {
		pair, err := tls.LoadX509KeyPair(config.Cert, config.Key)
		if err != nil {
			return nil, fmt.Errorf("the client certificate: %w", err)
		}
		settings.Certificates = []tls.Certificate{pair}
	}
	transport := &http.Transport{TLSClientConfig: settings, Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}
	return &Client{config: config, http: &http.Client{Transport: transport}}, nil
}

func (c *Client) send(ctx context.Context, method, url string, body any) (*http.Response, error) {
	var content io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, method, url, content)
	if err != nil {
		return nil, err
	}
	if c.token != "" {
		request.Header.Set("Authorization", c.token)
	}
	return c.http.Do(request)
}

// ask sends a request with a limit of time and size, and decodes the answer.
func (c *Client) ask(ctx context.Context, method, url string, body, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	response, err := c.send(ctx, method, url, body)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %d: %.200s", url, response.StatusCode, content)
	}
	if err := json.Unmarshal(content, answer); err != nil {
		return fmt.Errorf("%s does not answer with JSON: %w", url, err)
	}
	return nil
}

func gateway(v version.Version) string {
	switch {
	case v.AtLeast(3, 4, 0):
		return "/v3"
	case v.AtLeast(3, 3, 0):
		return "/v3beta"
	}
	return "/v3alpha"
}

// login gets a token, if a user was given. The password goes nowhere else.
func (c *Client) login(ctx context.Context, endpoint string, v version.Version) error {
	if c.config.User == "" || c.token != "" {
		return nil
	}
	var answer struct{ Token string }
	body := map[string]string{"name": c.config.User, "password": c.config.Password}
	if err := c.ask(ctx, http.MethodPost, endpoint+gateway(v)+"/auth/authenticate", body, &answer); err != nil {
		return errors.New("logging in at " + endpoint + " failed")
	}
	c.token = answer.Token
	return nil
}
