// Package version knows the versions of etcd: how they are written, and which minor follows which.
package version

import (
	"fmt"
	"strconv"
	"strings"
)

// maxLength bounds the text of a version. Real ones have a dozen characters.
const maxLength = 128

// Version is a semantic version without a leading v.
type Version struct {
	Major, Minor, Patch uint32
	Pre, Build          string
	AnyPatch            bool // only the minor is known: Patch is zero and means nothing
}

// Parse reads exactly X.Y.Z with an optional pre-release and build part. "3.4" and "v3.4.0" are errors, as they have
// always been in version.txt.
func Parse(text string) (Version, error) {
	if len(text) > maxLength {
		return Version{}, fmt.Errorf("a version of %d characters is too long", len(text))
	}
	rest, build, hasBuild := strings.Cut(text, "+")
	core, pre, hasPre := strings.Cut(rest, "-")
	if hasBuild && !validIdentifiers(build, true) || hasPre && !validIdentifiers(pre, false) {
		return Version{}, fmt.Errorf("%q is not a version of the form X.Y.Z", text)
	}
	numbers := strings.Split(core, ".")
	if len(numbers) != 3 {
		return Version{}, fmt.Errorf("%q is not a version of the form X.Y.Z", text)
	}
	v := Version{Pre: pre, Build: build}
	for i, field := range []*uint32{&v.Major, &v.Minor, &v.Patch} {
		n, err := parseNumber(numbers[i])
		if err != nil {
			return Version{}, fmt.Errorf("%q is not a version of the form X.Y.Z", text)
		}
		*field = n
	}
	return v, nil
}

func parseNumber(text string) (uint32, error) {
	if len(text) > 1 && text[0] == '0' || strings.HasPrefix(text, "+") {
		return 0, fmt.Errorf("%q is not a number of a version", text)
	}
	n, err := strconv.ParseUint(text, 10, 31)
	return uint32(n), err
}

// validIdentifiers checks the dot-separated parts after '-' or '+'. Only pre-release numbers must not begin with zero.
func validIdentifiers(text string, leadingZero bool) bool {
	for _, part := range strings.Split(text, ".") {
		digits := true
		for _, c := range []byte(part) {
			switch {
			case c >= '0' && c <= '9':
			case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '-':
				digits = false
			default:
				return false
			}
		}
		if part == "" || digits && !leadingZero && len(part) > 1 && part[0] == '0' {
			return false
		}
	}
	return true
}

func (v Version) String() string {
	if v.AnyPatch {
		return v.Line().String()
	}
	text := fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch)
	if v.Pre != "" {
		text += "-" + v.Pre
	}
	if v.Build != "" {
		text += "+" + v.Build
	}
	return text
}

// Line is the minor that the version belongs to.
func (v Version) Line() Line { return Line{v.Major, v.Minor} }

// Before reports whether v is known to be older than X.Y.Z: a version of which only the minor is known is older by its minor alone.
func (v Version) Before(major, minor, patch uint32) bool {
	if v.AnyPatch {
		return v.Line().Less(Line{major, minor})
	}
	return !v.AtLeast(major, minor, patch)
}

// AtLeast reports whether v is X.Y.Z or later; a pre-release of X.Y.Z is earlier.
func (v Version) AtLeast(major, minor, patch uint32) bool {
	return !v.Less(Version{Major: major, Minor: minor, Patch: patch})
}

// Less orders by semantic versioning; the build part does not count.
func (v Version) Less(w Version) bool {
	switch {
	case v.Major != w.Major:
		return v.Major < w.Major
	case v.Minor != w.Minor:
		return v.Minor < w.Minor
	case v.Patch != w.Patch:
		return v.Patch < w.Patch
	case v.Pre == "" || w.Pre == "":
		return v.Pre != "" && w.Pre == ""
	}
	return lessPre(v.Pre, w.Pre)
}

func lessPre(a, b string) bool {
	left, right := strings.Split(a, "."), strings.Split(b, ".")
	for i := 0; i < len(left) && i < len(right); i++ {
		if left[i] == right[i] {
			continue
		}
		m, errM := strconv.ParseUint(left[i], 10, 64)
		n, errN := strconv.ParseUint(right[i], 10, 64)
		switch {
		case errM == nil && errN == nil:
			return m < n
		case errM == nil || errN == nil:
			return errM == nil
		}
		return left[i] < right[i]
	}
	return len(left) < len(right)
}
