package cluster

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
)

// Status is what one endpoint says of itself.
type Status struct {
	Endpoint       string `json:"endpoint"`
	Problem        string `json:"problem,omitempty"` // why it could not be asked
	Healthy        bool   `json:"healthy"`
	Version        string `json:"version"`
	ClusterVersion string `json:"clusterVersion"`
	StorageVersion string `json:"storageVersion,omitempty"`
	ID             string `json:"id"`
	Leader         string `json:"leader"`
	RaftIndex      uint64 `json:"raftIndex"`
	Revision       int64  `json:"revision"`
	DatabaseSize   int64  `json:"databaseSize"`
	Learner        bool   `json:"learner,omitempty"`
}

// IsLeader reports whether the endpoint is the leader's.
func (s Status) IsLeader() bool { return s.ID != "" && s.ID == s.Leader }

// Member is one entry of the list of members.
type Member struct {
	ID       string   `json:"ID"`
	Name     string   `json:"name"`
	PeerURLs []string `json:"peerURLs"`
	Learner  bool     `json:"isLearner"`
}

// number takes 64-bit integers as the gateway writes them, between quotes.
type number string

func (n *number) UnmarshalJSON(text []byte) error {
	*n = number(strings.Trim(string(text), `"`))
	return nil
}

func (n number) int() int64 {
	value, _ := strconv.ParseInt(string(n), 10, 64)
	return value
}

// Status asks one endpoint.
func (c *Client) Status(ctx context.Context, endpoint string) Status {
	s := Status{Endpoint: endpoint}
	if err := c.fill(ctx, &s); err != nil {
		s.Problem = err.Error()
	}
	return s
}

func (c *Client) fill(ctx context.Context, s *Status) error {
	var versions struct{ Etcdserver, Etcdcluster, Storage string }
	if err := c.ask(ctx, http.MethodGet, s.Endpoint+"/version", nil, &versions); err != nil {
		return err
	}
	s.Version, s.ClusterVersion, s.StorageVersion = versions.Etcdserver, versions.Etcdcluster, versions.Storage
	v, err := version.Parse(s.Version)
	if err != nil {
		return err
	}
	if err := c.login(ctx, s.Endpoint, v); err != nil {
		return err
	}
	s.Healthy = c.reads(ctx, s.Endpoint, v)
	var status struct {
		Header struct {
			MemberID number `json:"member_id"`
			Revision number
		}
		Leader    number
		RaftIndex number `json:"raftIndex"`
		DBSize    number `json:"dbSize"`
		Learner   bool   `json:"isLearner"`
	}
	if err := c.ask(ctx, http.MethodPost, s.Endpoint+gateway(v)+"/maintenance/status", struct{}{}, &status); err != nil {
		return err
	}
	s.ID, s.Leader = hexadecimal(status.Header.MemberID), hexadecimal(status.Leader)
	s.RaftIndex, s.Revision = uint64(status.RaftIndex.int()), status.Header.Revision.int()
	s.DatabaseSize, s.Learner = status.DBSize.int(), status.Learner
	return nil
}

// reads tries a linearizable read, as etcd itself does to answer /health from 3.6 on. Up to 3.5 /health may be a quorum read of the v2 API instead, which
// goes through the log of every member, and etcd 3.6 panics on the entry.
func (c *Client) reads(ctx context.Context, endpoint string, v version.Version) bool {
	ctx, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	body := map[string]any{"key": []byte{0}, "limit": "1", "keys_only": true}
	response, err := c.send(ctx, http.MethodPost, endpoint+gateway(v)+"/kv/range", body)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	content, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil || response.StatusCode == http.StatusOK {
		return err == nil
	}
	for _, refusal := range []string{"user name is empty", "permission denied"} { // by an etcd that works, with auth on
		if strings.Contains(string(content), refusal) {
			return true
		}
	}
	return false
}

func hexadecimal(n number) string {
	value, err := strconv.ParseUint(string(n), 10, 64)
	if err != nil || value == 0 {
		return ""
	}
	return strconv.FormatUint(value, 16)
}

// Members asks an endpoint for the list of members.
func (c *Client) Members(ctx context.Context, s Status) ([]Member, error) {
	v, err := version.Parse(s.Version)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Members []struct {
			ID       number
			Name     string
			PeerURLs []string
			Learner  bool `json:"isLearner"`
		}
	}
	if err := c.ask(ctx, http.MethodPost, s.Endpoint+gateway(v)+"/cluster/member/list", struct{}{}, &answer); err != nil {
		return nil, err
	}
	var members []Member
	for _, m := range answer.Members {
		members = append(members, Member{hexadecimal(m.ID), m.Name, m.PeerURLs, m.Learner})
	}
	return members, nil
}

// Alarms asks an endpoint for alarms, such as NOSPACE.
func (c *Client) Alarms(ctx context.Context, s Status) ([]string, error) {
	v, err := version.Parse(s.Version)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Alarms []struct {
			MemberID number `json:"memberID"`
			Alarm    string
		}
	}
	body := map[string]string{"action": "GET"}
	if err := c.ask(ctx, http.MethodPost, s.Endpoint+gateway(v)+"/maintenance/alarm", body, &answer); err != nil {
		return nil, err
	}
	var alarms []string
	for _, a := range answer.Alarms {
		alarms = append(alarms, fmt.Sprintf("%s at member %s", a.Alarm, hexadecimal(a.MemberID)))
	}
	return alarms, nil
}
