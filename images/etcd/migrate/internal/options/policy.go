package options

import (
	"net"
	"strconv"
	"time"
)

// Limits and defaults of the policy.
const (
	defaultKeep = 2
	maxKeep     = 100
	maxTimeout  = 24 * time.Hour
)

// policy resolves the options that the tool of old did not have. Their variables begin with MIGRATE_.
func (r *resolver) policy() (err error) {
	o := r.o
	backup, err := r.pick(r.flags.backup, "MIGRATE_BACKUP", "on", "backup")
	if err != nil {
		return err
	}
	if backup != "on" && backup != "off" {
		return usage("--backup is on or off, not %q", backup)
	}
	o.Backup = backup == "on"
	if o.BackupDir, err = r.pick(r.flags.backupDir, "MIGRATE_BACKUP_DIR", "", "backup-dir"); err != nil {
		return err
	}
	if o.BackupKeep, err = r.number(r.flags.backupKeep, "MIGRATE_BACKUP_KEEP", defaultKeep, maxKeep, "backup-keep"); err != nil {
		return err
	}
	if o.Snapshot, err = r.pick(r.flags.snapshot, "", "", "from-snapshot"); err != nil {
		return err
	}
	choice, err := r.pick(r.flags.onFailure, "MIGRATE_ON_FAILURE", string(Stop), "on-failure")
	if err != nil {
		return err
	}
	if o.OnFailure = OnFailure(choice); o.OnFailure != Stop && o.OnFailure != StartAnyway {
		return usage("--on-failure is stop or start-anyway, not %q", choice)
	}
	if o.StartTimeout, err = r.duration(r.flags.startTimeout, "MIGRATE_START_TIMEOUT", 2*time.Minute, "start-timeout"); err != nil {
		return err
	}
	if o.StepTimeout, err = r.duration(r.flags.stepTimeout, "MIGRATE_STEP_TIMEOUT", 30*time.Minute, "step-timeout"); err != nil {
		return err
	}
	return r.output()
}

func (r *resolver) output() error {
	format, err := r.pick(r.flags.logFormat, "MIGRATE_LOG_FORMAT", "text", "log-format")
	if err != nil {
		return err
	}
	if format != "text" && format != "json" {
		return usage("--log-format is text or json, not %q", format)
	}
	r.o.JSON = format == "json"
	r.o.Verbose = r.flags.verbose
	r.o.NewCluster = r.flags.newCluster
	return nil
}

func (r *resolver) number(flag, variable string, fallback, limit int, name string) (int, error) {
	text, err := r.pick(flag, variable, strconv.Itoa(fallback), name)
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > limit {
		return 0, usage("--%s is a number from 1 to %d, not %q", name, limit, text)
	}
	return n, nil
}

func (r *resolver) duration(flag, variable string, fallback time.Duration, name string) (time.Duration, error) {
	text, err := r.pick(flag, variable, fallback.String(), name)
	if err != nil {
		return 0, err
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 || d > maxTimeout {
		return 0, usage("--%s is a duration such as 90s, at most %s, not %q", name, maxTimeout, text)
	}
	return d, nil
}

// loopback is the address at which the temporary etcd is asked: 127.0.0.1, except on a host that has only IPv6.
func loopback() string {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err == nil {
		listener.Close()
		return "127.0.0.1"
	}
	if listener, err = net.Listen("tcp6", "[::1]:0"); err == nil {
		listener.Close()
		return "[::1]"
	}
	return "127.0.0.1"
}
