package etcd

import (
	"bytes"
	"encoding/json"
	"strings"
	"sync"
)

// Limits of what is kept of a program's output.
const (
	maxLines      = 40
	maxLineLength = 2000
	minSecret     = 6 // shorter values would blot out ordinary words
)

// output keeps the last lines a program wrote, without the values that may be secret.
type output struct {
	mutex   sync.Mutex
	partial []byte
	lines   []string
	secrets []string
	each    func(line string)
	fatal   string // the first line that says why the program ends, which a stack of thousands of lines may follow
}

func newOutput(secrets []string, each func(string)) *output {
	return &output{secrets: secrets, each: each}
}

// Secrets are the values of the extra flags: certificates' paths do no harm, but tokens are among them.
func (c Config) Secrets() []string {
	var secrets []string
	for _, f := range c.Extra {
		if len(f.Value) >= minSecret {
			secrets = append(secrets, f.Value)
		}
	}
	return secrets
}

func (o *output) Write(p []byte) (int, error) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	for rest := p; len(rest) > 0; {
		end := bytes.IndexByte(rest, '\n')
		if end < 0 {
			o.append(rest)
			break
		}
		o.append(rest[:end])
		o.flush()
		rest = rest[end+1:]
	}
	return len(p), nil
}

func (o *output) append(text []byte) {
	if room := maxLineLength - len(o.partial); len(text) > room {
		text = text[:room]
	}
	o.partial = append(o.partial, text...)
}

func (o *output) flush() {
	line := string(o.partial)
	o.partial = o.partial[:0]
	for _, secret := range o.secrets {
		if secret != "" {
			line = strings.ReplaceAll(line, secret, "***")
		}
	}
	if o.fatal == "" && isFatal(line) {
		o.fatal = line
	}
	if len(o.lines) >= maxLines {
		o.lines = append(o.lines[:0], o.lines[1:]...)
	}
	o.lines = append(o.lines, line)
	if o.each != nil {
		o.each(line)
	}
}

// tail is the last n lines, for an error message.
func (o *output) tail(n int) string {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if len(o.partial) > 0 {
		o.flush()
	}
	lines := o.lines
	if len(lines) > n {
		lines = lines[len(lines)-n:]
	}
	return strings.Join(lines, " | ")
}

// text is everything that was kept.
func (o *output) text() string { return strings.ReplaceAll(o.tail(maxLines), " | ", "\n") }

// isFatal tells the line with which a program ends: of zap in its two forms, of capnslog up to 3.4, of Go itself, and of the tools.
func isFatal(line string) bool {
	if strings.HasPrefix(line, "Error: ") {
		return true // of the tools
	}
	for _, mark := range []string{`"level":"fatal"`, `"level":"panic"`, "\tfatal\t", "\tpanic\t", " C | ", "panic: ", "fatal error: "} {
		if strings.Contains(line, mark) {
			return true
		}
	}
	return false
}

// cause is why the program ended, as far as it said so: its last words, or the line before a stack.
func (o *output) cause() string {
	last := o.tail(5)
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.fatal == "" {
		return last
	}
	return brief(o.fatal)
}

// brief takes the message and the error out of a line of JSON.
func brief(line string) string {
	var fields struct{ Msg, Error, Method, Path string }
	if json.Unmarshal([]byte(line), &fields) != nil || fields.Msg == "" {
		return line
	}
	for _, more := range []struct{ name, value string }{{"method ", fields.Method}, {"", fields.Path}, {"", fields.Error}} {
		if more.value != "" {
			fields.Msg += ": " + more.name + more.value
		}
	}
	return fields.Msg
}
