//go:build etcd

package e2e

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// way is a migration that is killed again and again.
type way struct {
	name, from, to string
	versions       []string
}

func ways() []way {
	return []way{
		{"upgrade 3.3 to 3.5", v33, v35, []string{v33, v34, v35}},
		{"downgrade 3.5 to 3.4", v35, v34, []string{v34, v35}},
	}
}

// waysAtHand adds the ways to and from the newest minors, where there are any.
func waysAtHand(t *testing.T) []way {
	all, list := minors(t), ways()
	for i, v := range all {
		if strings.HasPrefix(v, "3.7.") && i > 0 {
			list = append(list, way{"upgrade 3.3 to 3.7", v33, v, append([]string{v33}, all...)}, way{"downgrade 3.7 to 3.6", v, all[i-1], all})
		}
	}
	var complete []way
	for _, w := range list {
		if w.from != "" && w.to != "" && !contains(w.versions, "") {
			complete = append(complete, w)
		}
	}
	return complete
}

func contains(list []string, text string) bool {
	for _, item := range list {
		if item == text {
			return true
		}
	}
	return false
}

// tally is a line of the table.
type tally struct{ killed, tooLate, resumed, stopped, losses int }

// TestKilled kills migrate at points spread over its run, and lets the next run go on. MIGRATE_KILL_TRIALS is the number of points of each
// way; the default is a sample.
func TestKilled(t *testing.T) {
	skipInShort(t)
	trials := 12
	if text := os.Getenv("MIGRATE_KILL_TRIALS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		trials = n
	}
	table := "way                    killed  (ended before)  resumed  stopped, data in place  losses\n"
	for _, w := range waysAtHand(t) {
		got := w.kill(t, trials)
		table += fmt.Sprintf("%-22s %6d  %14d  %7d  %22d  %6d\n", w.name, got.killed, got.tooLate, got.resumed, got.stopped, got.losses)
	}
	t.Log("\n" + table)
}

// kill makes trials until so many runs have been killed before their end.
func (w way) kill(t *testing.T, trials int) tally {
	s := newSetup(t, w.versions...)
	template, before := w.template(t, s)
	copyDir(t, template, s.dir)
	begin := time.Now()
	output := s.migrate(t, 0, w.to)
	whole, lines := time.Since(begin), countSteps(output)
	var sum tally
	for i := 0; sum.killed < trials && i < 2*trials; i++ {
		clean(t, s.dir)
		copyDir(t, template, s.dir)
		if w.trial(t, s, i, trials, lines, whole) {
			sum.tooLate++
			continue
		}
		sum.killed++
		if _, err := os.Stat(filepath.Join(s.dir, "member", "snap", "db")); err != nil {
			t.Errorf("trial %d: after the kill the data directory has no database: %v", i, err)
		}
		command := s.command(w.to)
		output, err := command.CombinedOutput()
		if err != nil {
			sum.stopped++
			t.Errorf("trial %d: the next run did not complete: %v\n%s", i, err, output)
			continue
		}
		sum.resumed++
		etcd := s.start(t, w.to)
		if etcd.content() != before {
			sum.losses++
			t.Errorf("trial %d: data lost", i)
		}
		etcd.stop()
	}
	return sum
}

// isStep tells the lines that are written at the end of a step.
func isStep(line string) bool {
	return strings.Contains(line, "step=") || strings.Contains(line, "msg=plan")
}

func countSteps(output string) int {
	n := 0
	for _, line := range strings.Split(output, "\n") {
		if isStep(line) {
			n++
		}
	}
	return n
}

// template makes the data that every trial begins with.
func (w way) template(t *testing.T, s *setup) (folder, content string) {
	s.migrate(t, 0, w.from)
	etcd := s.start(t, w.from)
	etcd.fill(300)
	content = etcd.content()
	etcd.stop()
	folder = s.dir + "-template"
	copyDir(t, s.dir, folder)
	clean(t, s.dir)
	return folder, content
}

// clean removes the data directory and everything that migrate put beside it.
func clean(t testing.TB, dir string) {
	t.Helper()
	for _, suffix := range []string{"", ".bak", ".bak.1", ".bak.2", ".bak.partial", ".bak.removed", ".snapshot.db", ".migrate", ".migrate.removed"} {
		if err := os.RemoveAll(dir + suffix); err != nil {
			t.Fatal(err)
		}
	}
}

// trial kills one run: the even ones at a moment of the whole duration, the odd ones a little after one of the lines that are written at the
// end of each step, where the moments that matter lie close together.
func (w way) trial(t *testing.T, s *setup, i, trials, lines int, whole time.Duration) (ended bool) {
	command := s.command(w.to)
	errors, err := command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	if i%2 == 0 {
		go func() { _, _ = io.Copy(io.Discard, errors) }()
		time.Sleep(whole * time.Duration(i%trials) / time.Duration(trials))
	} else {
		afterLine(errors, 1+i/2%(lines-1), time.Duration(i/2/(lines-1)%12)*700*time.Microsecond)
	}
	_ = command.Process.Kill()
	state, err := command.Process.Wait()
	if err != nil {
		t.Fatal(err)
	}
	return state.Exited()
}

func afterLine(errors io.Reader, lines int, delay time.Duration) {
	scanner := bufio.NewScanner(errors)
	for n := 0; n < lines && scanner.Scan(); {
		if isStep(scanner.Text()) {
			n++
		}
	}
	time.Sleep(delay)
}

// TestOrphanDies: with migrate, the etcd that it started ends too, so that the next run finds a free directory.
func TestOrphanDies(t *testing.T) {
	skipInShort(t)
	w := ways()[0]
	s := newSetup(t, w.versions...)
	template, _ := w.template(t, s)
	copyDir(t, template, s.dir)
	command := s.command(w.to)
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	pattern := "etcd-" + v34 + ".*" + s.dir
	for deadline := time.Now().Add(10 * time.Second); exec.Command("pgrep", "-f", pattern).Run() != nil; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("no temporary etcd was seen")
		}
	}
	_ = command.Process.Kill()
	_ = command.Wait()
	time.Sleep(200 * time.Millisecond)
	if exec.Command("pgrep", "-f", pattern).Run() == nil {
		t.Error("the temporary etcd outlives migrate")
	}
}
