package etcd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os/exec"
	"time"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
)

// Limits of waiting for a server.
const (
	DefaultStartTimeout = 2 * time.Minute
	stopTimeout         = 2 * time.Minute
	pollInterval        = 25 * time.Millisecond
)

// ErrDied reports a server that ended by itself while it was needed.
var ErrDied = errors.New("etcd ended by itself")

// Server is a temporary etcd.
type Server struct {
	Version version.Version
	URL     string
	process *process
	out     *output
}

// Start starts a version of etcd. It does not wait for it to be ready. The remarks say how the flags were adapted.
func (p Programs) Start(ctx context.Context, v version.Version, config Config) (*Server, []string, error) {
	if err := p.CheckVersion(ctx, v); err != nil {
		return nil, nil, err
	}
	if err := checkPortFree(config.ClientURL); err != nil {
		return nil, nil, err
	}
	arguments, remarks := config.Arguments(v, p.Flags(ctx, v))
	out := newOutput(config.Secrets(), p.OnLine)
	command := exec.Command(p.Path("etcd", v), arguments...)
	command.Env = environment(v)
	running, err := start(command, out)
	if err != nil {
		return nil, remarks, fmt.Errorf("starting %s: %w", command.Path, err)
	}
	return &Server{Version: v, URL: config.ClientURL, process: running, out: out}, remarks, nil
}

// checkPortFree notices another server at the address, whose answers would be taken for those of ours.
func checkPortFree(client string) error {
	u, err := url.Parse(client)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", u.Host)
	if err != nil {
		return fmt.Errorf("the port of the temporary etcd is not free: %w", err)
	}
	return listener.Close()
}

// AwaitReady waits until the server has a leader and, if cluster is not zero, until the cluster version is that minor. It writes nothing.
// It returns as soon as the server dies.
func (s *Server) AwaitReady(ctx context.Context, cluster version.Line, timeout time.Duration) error {
	if timeout <= 0 {
		timeout = DefaultStartTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	probe := newProbe(s.URL, s.Version)
	return s.await(ctx, "ready", func(ctx context.Context) error { return probe.ready(ctx, cluster) })
}

// AwaitDowngrade waits until both the cluster version and the storage version are a minor: either may have it before the other.
func (s *Server) AwaitDowngrade(ctx context.Context, line version.Line, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	probe := newProbe(s.URL, s.Version)
	return s.await(ctx, "downgraded to "+line.String(), func(ctx context.Context) error {
		cluster, storage, err := probe.agreed(ctx)
		if err == nil && (cluster != line || storage != line) {
			err = fmt.Errorf("its cluster version is %s, its storage version %s", cluster, storage)
		}
		return err
	})
}

// maxRefusals is how many nudges may fail in a row until it is clear that this etcd takes none.
const maxRefusals = 3

// Settle makes the log move until done says that it need not any more, or until etcd turns out to refuse: with auth on some versions do. Who calls it
// looks afterwards what has become of the log.
func (s *Server) Settle(ctx context.Context, timeout time.Duration, done func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	probe, refusals := newProbe(s.URL, s.Version), 0
	return s.await(ctx, "settled", func(ctx context.Context) error {
		if done() || refusals >= maxRefusals {
			return nil
		}
		refusals++
		if probe.nudge(ctx) {
			refusals = 0
		}
		return errors.New("no raft snapshot covers the log yet")
	})
}

// await repeats a question until it is answered without an error, the server dies, or the context ends.
func (s *Server) await(ctx context.Context, what string, ask func(context.Context) error) error {
	for {
		last := ask(ctx)
		if last == nil {
			return nil
		}
		select {
		case <-s.process.done:
			return fmt.Errorf("%w: etcd %s, %s: %s", ErrDied, s.Version, s.exit(), s.out.cause())
		case <-ctx.Done():
			return fmt.Errorf("etcd %s was not %s in time (%w): %v", s.Version, what, ctx.Err(), last)
		case <-time.After(pollInterval):
		}
	}
}

// Stop ends the server and waits for it. It reports false if the server had to be killed, which etcd survives.
func (s *Server) Stop() (gracefully bool) {
	select {
	case <-s.process.done:
		return false
	default:
	}
	if s.process.interrupt() == nil {
		select {
		case <-s.process.done:
			return true
		case <-time.After(stopTimeout):
		}
	}
	s.process.kill()
	<-s.process.done
	return false
}

// exit says how the program ended.
func (s *Server) exit() string {
	if s.process.err == nil {
		return "exit status 0"
	}
	return s.process.err.Error()
}
