package command

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/check"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/cluster"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/datadir"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/migration"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/options"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
)

// clusterFlags are those of cluster check, with the variables that etcdctl has for the same.
type clusterFlags struct {
	endpoints, ca, cert, key, user, expect, snapshot string
	dataDirs                                         string
	timeout, snapshotTimeout                         time.Duration
	asJSON                                           bool
}

func defineCluster(set *flag.FlagSet) *clusterFlags {
	set.SetOutput(io.Discard)
	f := &clusterFlags{}
	set.StringVar(&f.endpoints, "endpoints", "", "client URLs of all members, between commas (ETCDCTL_ENDPOINTS)")
	set.StringVar(&f.ca, "cacert", "", "file with the certificates that members are checked against (ETCDCTL_CACERT)")
	set.StringVar(&f.cert, "cert", "", "the client's certificate (ETCDCTL_CERT)")
	set.StringVar(&f.key, "key", "", "its key (ETCDCTL_KEY)")
	set.StringVar(&f.user, "user", "", "NAME, with the password in ETCDCTL_PASSWORD; or NAME:PASSWORD (ETCDCTL_USER)")
	set.StringVar(&f.expect, "expect-version", "", "X.Y that every member must run and the cluster version must be")
	set.StringVar(&f.snapshot, "snapshot", "", "file to which the leader's snapshot is written, and verified")
	set.StringVar(&f.dataDirs, "data-dir", "", "data directories of members on this host, between commas: what their logs hold is looked at too")
	set.DurationVar(&f.timeout, "timeout", 10*time.Second, "limit of one request")
	set.DurationVar(&f.snapshotTimeout, "snapshot-timeout", 30*time.Minute, "limit for the snapshot")
	set.BoolVar(&f.asJSON, "json", false, "print the report as JSON")
	return f
}

func (c *call) cluster(ctx context.Context, arguments []string) error {
	if len(arguments) == 0 || arguments[0] != "check" {
		return &options.UsageError{Message: "cluster has one command: cluster check"}
	}
	set := flag.NewFlagSet("cluster check", flag.ContinueOnError)
	f := defineCluster(set)
	if err := set.Parse(arguments[1:]); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			c.help()
			return err
		}
		return &options.UsageError{Message: err.Error()}
	}
	if err := noArguments(set.Args()); err != nil {
		return err
	}
	client, expect, err := c.clusterClient(f)
	if err != nil {
		return &options.UsageError{Message: err.Error()}
	}
	report, err := survey(ctx, client, f.snapshot, c.endpoints(f))
	if err != nil {
		return err
	}
	report.Judge(expect)
	for _, directory := range strings.Split(f.dataDirs, ",") {
		if directory = strings.TrimSpace(directory); directory == "" {
			continue
		}
		state, err := datadir.Inspect(datadir.Paths{Data: directory})
		if err == nil && state.Content != datadir.Data {
			err = errors.New("it holds no member")
		}
		if err != nil {
			return fmt.Errorf("looking at the data of a member in %s: %w", directory, err)
		}
		report.JudgeLog(directory, state.Facts)
	}
	c.printReport(report, f.asJSON)
	if check.Worst(report.Findings) == check.Error {
		return &reported{errHazard}
	}
	return nil
}

func (c *call) either(flag, variable string) string {
	if flag != "" {
		return flag
	}
	return c.getenv(variable)
}

func (c *call) endpoints(f *clusterFlags) []string {
	var endpoints []string
	for _, e := range strings.Split(c.either(f.endpoints, "ETCDCTL_ENDPOINTS"), ",") {
		if e = strings.TrimSuffix(strings.TrimSpace(e), "/"); e != "" {
			if !strings.Contains(e, "://") {
				e = "http://" + e
			}
			endpoints = append(endpoints, e)
		}
	}
	return endpoints
}

func (c *call) clusterClient(f *clusterFlags) (*cluster.Client, version.Line, error) {
	var expect version.Line
	if f.expect != "" {
		var err error
		if expect, err = version.ParseLine(f.expect); err != nil {
			return nil, expect, err
		}
	}
	if f.timeout <= 0 || f.snapshotTimeout <= 0 {
		return nil, expect, errors.New("a timeout is more than nothing")
	}
	user, password, found := strings.Cut(c.either(f.user, "ETCDCTL_USER"), ":")
	if !found {
		password = c.getenv("ETCDCTL_PASSWORD")
	}
	client, err := cluster.New(cluster.Config{
		Endpoints: c.endpoints(f), CA: c.either(f.ca, "ETCDCTL_CACERT"), Cert: c.either(f.cert, "ETCDCTL_CERT"),
		Key: c.either(f.key, "ETCDCTL_KEY"), User: user, Password: password, Timeout: f.timeout, SnapshotTimeout: f.snapshotTimeout,
	})
	return client, expect, err
}

// survey asks every endpoint, then one that answers for the members and alarms, then the leader for the snapshot.
func survey(ctx context.Context, client *cluster.Client, snapshot string, endpoints []string) (*cluster.Report, error) {
	report := &cluster.Report{Findings: []check.Finding{}}
	for _, endpoint := range endpoints {
		report.Endpoints = append(report.Endpoints, client.Status(ctx, endpoint))
	}
	var leader *cluster.Status
	asked := false
	for i, s := range report.Endpoints {
		if s.Problem != "" {
			continue
		}
		if s.IsLeader() {
			leader, report.Leader = &report.Endpoints[i], s.Endpoint
		}
		if !asked {
			asked = true
			askOne(ctx, client, s, report)
		}
	}
	if snapshot == "" {
		return report, nil
	}
	if leader == nil {
		return report, errors.New("the leader is not among the endpoints, so there is no snapshot of it")
	}
	if err := client.Snapshot(ctx, *leader, snapshot, migration.VerifySnapshot); err != nil {
		return report, fmt.Errorf("the leader's snapshot: %w", err)
	}
	report.Snapshot = snapshot
	return report, nil
}

func askOne(ctx context.Context, client *cluster.Client, s cluster.Status, report *cluster.Report) {
	members, err := client.Members(ctx, s)
	if err != nil {
		report.Findings = append(report.Findings, check.Finding{Severity: check.Error, Code: "members", Text: err.Error()})
	}
	report.Members = members
	alarms, err := client.Alarms(ctx, s)
	if err != nil {
		report.Findings = append(report.Findings, check.Finding{Severity: check.Warning, Code: "alarms", Text: err.Error()})
	}
	for _, alarm := range alarms {
		report.Findings = append(report.Findings, check.Finding{Severity: check.Error, Code: "alarm", Text: alarm})
	}
}

func (c *call) printReport(r *cluster.Report, asJSON bool) {
	if asJSON {
		content, err := json.MarshalIndent(r, "", "  ")
		if err == nil {
			fmt.Fprintln(c.stdout, string(content))
		}
		return
	}
	for _, s := range r.Endpoints {
		role := "follower"
		if s.IsLeader() {
			role = "leader"
		}
		fmt.Fprintf(c.stdout, "%s  %s  etcd %s  cluster %s  healthy %t  revision %d  %d bytes\n",
			s.Endpoint, role, s.Version, s.ClusterVersion, s.Healthy, s.Revision, s.DatabaseSize)
	}
	if r.Snapshot != "" {
		fmt.Fprintf(c.stdout, "snapshot of %s, verified: %s\n", r.Leader, r.Snapshot)
	}
	c.print(r.Findings, false)
}
