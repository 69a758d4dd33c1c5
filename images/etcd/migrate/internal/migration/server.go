package migration

import (
	"context"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/durable"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/etcd"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
)

// config is the temporary etcd's, on the data directory itself.
func (r *run) config(ctx context.Context) etcd.Config {
	o := r.options
	return etcd.Config{
		Name: o.Name, DataDir: o.DataDir, WALDir: o.WALDir, InitialCluster: o.InitialCluster,
		ListenPeerURLs: r.addresses(ctx, o.ListenPeerURLs), InitialAdvertisePeerURLs: o.InitialAdvertisePeerURLs,
		ListenClientURLs: r.addresses(ctx, o.ListenClientURLs), ClientURL: o.ClientURL,
		Extra: o.Extra, Debug: o.Verbose, Alone: true,
	}
}

const lookupTimeout = 10 * time.Second

// addresses puts addresses in the place of names in a list of URLs to listen on, where etcd from 3.2 on takes no names but localhost.
func (r *run) addresses(ctx context.Context, list string) string {
	urls := strings.Split(list, ",")
	for i, text := range urls {
		u, err := url.Parse(strings.TrimSpace(text))
		if err != nil || u.Scheme == "unix" || u.Scheme == "unixs" || u.Hostname() == "" || u.Hostname() == "localhost" || net.ParseIP(u.Hostname()) != nil {
			continue
		}
		lookup, cancel := context.WithTimeout(ctx, lookupTimeout)
		found, err := net.DefaultResolver.LookupIPAddr(lookup, u.Hostname())
		cancel()
		if err != nil || len(found) == 0 {
			continue // etcd itself will say what it does not like
		}
		u.Host = net.JoinHostPort(found[0].IP.String(), u.Port())
		urls[i] = u.String()
	}
	return strings.Join(urls, ",")
}

// with runs an etcd on a configuration while work lasts, and stops it whatever happens.
func (r *run) with(ctx context.Context, v version.Version, config etcd.Config, cluster version.Line, work func(*etcd.Server) error) error {
	server, remarks, err := r.programs.Start(ctx, v, config)
	for _, remark := range remarks {
		r.log.Info("flags adapted", "remark", remark)
	}
	if err != nil {
		return err
	}
	err = r.log.Step("await", func() error { return server.AwaitReady(ctx, cluster, r.options.StartTimeout) }, "etcd", v, "url", config.ClientURL)
	if err == nil && work != nil {
		err = work(server)
	}
	if !server.Stop() && err == nil {
		r.log.Warn("etcd did not stop by itself and was killed; it recovers from its log", "etcd", v)
	}
	if owning := r.giveBack(); err == nil {
		err = owning
	}
	return err
}

// giveBack makes files that a temporary etcd wrote as root belong to whom the data belongs.
func (r *run) giveBack() error {
	if r.owner == nil || !durable.Exists(r.layout.paths.Member()) {
		return nil
	}
	if err := durable.GiveTree(r.layout.paths.Member(), *r.owner); err != nil || r.layout.paths.WAL == "" {
		return err
	}
	return durable.GiveTree(r.layout.paths.WAL, *r.owner)
}
