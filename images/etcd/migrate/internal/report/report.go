// Package report writes what the program does: one line per step, with its duration, as key=value words or as JSON.
package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Log writes lines. Its zero value writes nothing.
type Log struct {
	mutex   sync.Mutex
	out     io.Writer
	asJSON  bool
	verbose bool
}

// New makes a log that writes to out.
func New(out io.Writer, asJSON, verbose bool) *Log {
	return &Log{out: out, asJSON: asJSON, verbose: verbose}
}

// Info reports something that is as it should be. Keys and values alternate.
func (l *Log) Info(message string, pairs ...any) { l.line("info", message, pairs) }

// Warn reports something that an operator should look at.
func (l *Log) Warn(message string, pairs ...any) { l.line("warn", message, pairs) }

// Error reports why the program failed.
func (l *Log) Error(message string, pairs ...any) { l.line("error", message, pairs) }

// Debug reports what only somebody looking for a fault wants to see.
func (l *Log) Debug(message string, pairs ...any) {
	if l.Verbose() {
		l.line("debug", message, pairs)
	}
}

// Verbose reports whether debug lines are written.
func (l *Log) Verbose() bool { return l != nil && l.verbose }

// Step runs one step and reports it once, when it has ended.
func (l *Log) Step(name string, work func() error, pairs ...any) error {
	begin := time.Now()
	l.Debug("begin", append([]any{"step", name}, pairs...)...)
	err := work()
	pairs = append([]any{"step", name}, pairs...)
	pairs = append(pairs, "duration", time.Since(begin).Round(time.Millisecond))
	if err != nil {
		l.Error("failed", append(pairs, "error", err)...)
		return err
	}
	l.Info("done", pairs...)
	return nil
}

func (l *Log) line(level, message string, pairs []any) {
	if l == nil || l.out == nil {
		return
	}
	fields := append([]any{"time", time.Now().UTC().Format("2006-01-02T15:04:05.000Z"), "level", level, "msg", message}, pairs...)
	text := formatText(fields)
	if l.asJSON {
		text = formatJSON(fields)
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	_, _ = io.WriteString(l.out, text+"\n")
}

func formatText(fields []any) string {
	var words []string
	for i := 0; i+1 < len(fields); i += 2 {
		value := fmt.Sprint(fields[i+1])
		if value == "" || strings.ContainsAny(value, " \"=\n\r\t") || strconv.Quote(value) != `"`+value+`"` {
			value = strconv.Quote(value)
		}
		words = append(words, fmt.Sprint(fields[i])+"="+value)
	}
	return strings.Join(words, " ")
}

// formatJSON keeps the order of the fields, which a map would lose.
func formatJSON(fields []any) string {
	var words []string
	for i := 0; i+1 < len(fields); i += 2 {
		key, _ := json.Marshal(fmt.Sprint(fields[i]))
		value, err := json.Marshal(plain(fields[i+1]))
		if err != nil {
			value, _ = json.Marshal(fmt.Sprint(fields[i+1]))
		}
		words = append(words, string(key)+":"+string(value))
	}
	return "{" + strings.Join(words, ",") + "}"
}

func plain(value any) any {
	switch v := value.(type) {
	case error:
		return v.Error()
	case time.Duration:
		return v.Seconds()
	case fmt.Stringer:
		return v.String()
	}
	return value
}
