package etcd

import (
	_ "embed" // the tables
	"fmt"
	"strings"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
)

//go:embed flagdata/etcd.txt
var serverFlagData string

//go:embed flagdata/tools.txt
var toolFlagData string

// span is a run of minors; patch is the first of them that counts, where the flag came within a minor.
type span struct {
	first, last version.Line
	patch       uint32
}

// table says which versions accept a flag. Names are a flag's, for tools with the command before it.
type table map[string][]span

var (
	serverFlags = mustParse(serverFlagData)
	toolFlags   = mustParse(toolFlagData)
)

// newest is the last minor that the tables know. Later ones are taken to accept what it does; that they list a flag counts too.
var newest = version.Line{Major: 3, Minor: 7}

// mustParse reads a table that is part of the program: a mistake in it shows at every start, and in every test.
func mustParse(text string) table {
	t, err := parseTable(text)
	if err != nil {
		panic(err)
	}
	return t
}

func parseTable(text string) (table, error) {
	t := table{}
	for _, line := range strings.Split(text, "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		command, rest, found := strings.Cut(line, ": ")
		if !found {
			command, rest = "", line
		}
		words := strings.Fields(rest)
		if len(words) < 2 {
			return nil, fmt.Errorf("the table of flags holds the line %q", line)
		}
		name := strings.TrimSpace(command + " " + words[0])
		for _, word := range words[1:] {
			s, err := parseSpan(word)
			if err != nil {
				return nil, fmt.Errorf("the table of flags, %q: %w", line, err)
			}
			t[name] = append(t[name], s)
		}
	}
	return t, nil
}

// parseSpan reads 3.4, 3.4-3.7 or 3.4.25.
func parseSpan(word string) (s span, err error) {
	first, last, found := strings.Cut(word, "-")
	if !found {
		last = first
	}
	if s.first, err = version.ParseLine(first); err != nil {
		return s, err
	}
	if v, err := version.Parse(first); err == nil {
		s.patch = v.Patch
	}
	s.last, err = version.ParseLine(last)
	return s, err
}

// accepts reports whether a version takes the flag.
func (t table) accepts(name string, v version.Version) bool {
	line := v.Line()
	if newest.Less(line) {
		line = newest
	}
	for _, s := range t[name] {
		if !line.Less(s.first) && !s.last.Less(line) {
			return line != s.first || line != v.Line() || v.AnyPatch || v.Patch >= s.patch
		}
	}
	return false
}

// after is the first minor after a version that takes the flag; zero if there is none.
func (t table) after(name string, v version.Version) (line version.Line) {
	for _, s := range t[name] {
		if v.Line().Less(s.first) && (line.IsZero() || s.first.Less(line)) {
			line = s.first
		}
	}
	return line
}
