// Package command is the command line: which work the words ask for, and what the exit code says about its outcome.
package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/backup"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/datadir"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/journal"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/lock"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/migration"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/options"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/plan"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/report"
)

// The exit codes, which scripts may rely on.
const (
	ExitDone        = 0
	ExitFailed      = 1   // a step failed; the next run goes on
	ExitRefused     = 2   // the way would lose data or break a cluster, or is not possible with this image
	ExitUnknown     = 3   // the version of the data cannot be known
	ExitBusy        = 4   // another migration, or a live etcd
	ExitConflict    = 5   // an interrupted migration that a person must look at
	ExitNoSpace     = 6   // the backup does not fit
	ExitHazard      = 7   // check, cluster check: something to look at before going on
	ExitUsage       = 64  // flags or environment
	ExitInterrupted = 130 // SIGINT; 143 for SIGTERM
)

// call is one run of the program.
type call struct {
	getenv         func(string) string
	environment    []string
	stdout, stderr io.Writer
	log            *report.Log
}

// Main runs the program and returns its exit code.
func Main(arguments []string, getenv func(string) string, environment []string, stdout, stderr io.Writer) (code int) {
	c := &call{getenv: getenv, environment: environment, stdout: stdout, stderr: stderr, log: report.New(stderr, false, false)}
	defer func() {
		// A mistake in this program must not end in a dump that hides what happened; with --verbose it is shown.
		if cause := recover(); cause != nil {
			c.log.Error("internal error", "cause", cause)
			if c.log.Verbose() {
				_, _ = stderr.Write(debug.Stack())
			}
			code = ExitFailed
		}
	}()
	ctx, stop, received := untilSignal()
	defer stop()
	err := c.dispatch(ctx, arguments)
	if errors.Is(err, flag.ErrHelp) {
		return ExitDone
	}
	if signal := received(); signal != nil && errors.Is(err, context.Canceled) {
		c.log.Warn("interrupted; the next run goes on from here", "signal", signal)
		if signal == syscall.SIGTERM {
			return 143
		}
		return ExitInterrupted
	}
	var printed *reported
	if err != nil && !errors.As(err, &printed) {
		c.log.Error(err.Error())
	}
	return exitCode(err)
}

// untilSignal is a context that an interrupt or a request to terminate cancels.
func untilSignal() (ctx context.Context, stop func(), received func() os.Signal) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	var got os.Signal
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if s, open := <-signals; open {
			got = s
			cancel()
		}
	}()
	stop = func() { signal.Stop(signals); cancel() }
	return ctx, stop, func() os.Signal {
		if ctx.Err() == nil {
			return nil
		}
		<-done
		return got
	}
}

// reported is an outcome that has already been printed.
type reported struct{ error }

func (r *reported) Unwrap() error { return r.error }

// errHazard is a check that found something.
var errHazard = errors.New("hazards found")

func (c *call) dispatch(ctx context.Context, arguments []string) error {
	verb := ""
	if len(arguments) > 0 && !strings.HasPrefix(arguments[0], "-") {
		verb, arguments = arguments[0], arguments[1:]
	}
	switch verb {
	case "", "run":
		return c.migrate(ctx, arguments)
	case "plan":
		return c.plan(arguments)
	case "check":
		return c.check(ctx, arguments)
	case "cluster":
		return c.cluster(ctx, arguments)
	case "serve":
		return c.serve(ctx, arguments)
	case "help":
		c.help()
		return nil
	}
	return &options.UsageError{Message: fmt.Sprintf("there is no command %q; use run, plan, check, cluster check or serve", verb)}
}

// exitCode tells outcomes apart for scripts.
func exitCode(err error) int {
	var usage *options.UsageError
	var child *exitError
	switch {
	case errors.As(err, &child):
		return child.code
	case err == nil:
		return ExitDone
	case errors.As(err, &usage):
		return ExitUsage
	case errors.Is(err, errHazard):
		return ExitHazard
	case errors.Is(err, plan.ErrRefused):
		return ExitRefused
	case errors.Is(err, datadir.ErrUnknownVersion):
		return ExitUnknown
	case errors.Is(err, lock.ErrTaken), errors.Is(err, lock.ErrLive):
		return ExitBusy
	case errors.Is(err, migration.ErrConflict), errors.Is(err, journal.ErrInvalid):
		return ExitConflict
	case errors.Is(err, backup.ErrNoSpace):
		return ExitNoSpace
	case errors.Is(err, context.Canceled):
		return ExitInterrupted
	}
	return ExitFailed
}

// parse reads the flags of a command; more adds those that only it has.
func (c *call) parse(name string, arguments []string, more func(*flag.FlagSet)) (*options.Options, []string, error) {
	set := flag.NewFlagSet(name, flag.ContinueOnError)
	flags := options.Define(set)
	if more != nil {
		more(set)
	}
	if err := set.Parse(arguments); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			c.help()
			return nil, nil, err
		}
		return nil, nil, &options.UsageError{Message: err.Error()}
	}
	o, err := flags.Resolve(c.getenv)
	if err != nil {
		return nil, nil, err
	}
	c.log = report.New(c.stderr, o.JSON, o.Verbose)
	return o, set.Args(), nil
}

func noArguments(rest []string) error {
	if len(rest) > 0 {
		return &options.UsageError{Message: fmt.Sprintf("%.40q is not expected here", rest[0])}
	}
	return nil
}

func (c *call) migrate(ctx context.Context, arguments []string) error {
	o, rest, err := c.parse("migrate", arguments, nil)
	if err != nil {
		return err
	}
	if err := noArguments(rest); err != nil {
		return err
	}
	err = c.run(ctx, o)
	if err != nil && o.OnFailure == options.StartAnyway && mayStart(err) && migration.New(o, c.log).SafeToStart() {
		c.log.Error(err.Error(), "on-failure", "start-anyway")
		return nil
	}
	return err
}

func (c *call) run(ctx context.Context, o *options.Options) error {
	begin := time.Now()
	c.log.Info("begin", "name", o.Name, "data-dir", o.DataDir, "target", o.Target, "bundle", o.Bundle,
		"port", o.Port, "peer-port", o.PeerPort, "defaults", strings.Join(o.Defaults, ","))
	err := migration.New(o, c.log).Run(ctx)
	if err == nil {
		c.log.Info("migration complete", "version", o.Target, "duration", time.Since(begin).Round(time.Millisecond))
	}
	return err
}

// mayStart reports whether an etcd that is started after a failure finds its data where it belongs. It would make a new,
// empty member otherwise, or disturb whoever is at work.
func mayStart(err error) bool {
	switch exitCode(err) {
	case ExitBusy, ExitConflict, ExitInterrupted, ExitUsage:
		return false
	}
	return !errors.Is(err, context.Canceled)
}

func (c *call) plan(arguments []string) error {
	asJSON := false
	o, rest, err := c.parse("plan", arguments, func(set *flag.FlagSet) { set.BoolVar(&asJSON, "json", false, "") })
	if err != nil {
		return err
	}
	if err := noArguments(rest); err != nil {
		return err
	}
	m := migration.New(o, c.log)
	p, err := m.Plan()
	if j, pending := m.Pending(); pending == nil && j != nil {
		p.Warnings = append(p.Warnings, "an earlier run did not finish ("+j.Step+"); the next one begins by finishing or undoing that")
	}
	if asJSON {
		fmt.Fprintln(c.stdout, p.JSON(err))
	} else {
		if err == nil {
			fmt.Fprint(c.stdout, p.Text())
		} else {
			for _, w := range p.Warnings {
				fmt.Fprintln(c.stdout, "warning:", w)
			}
		}
	}
	return err
}
