package version

import (
	"fmt"
	"sort"
)

// maxBundle bounds the list of bundled versions: far more than an image can hold.
const maxBundle = 256

// Bundle is the versions that the image holds, ascending, without duplicates.
type Bundle []Version

// NewBundle sorts the versions, so that the order in which they were listed does not matter.
func NewBundle(texts []string) (Bundle, error) {
	if len(texts) > maxBundle {
		return nil, fmt.Errorf("%d bundled versions are too many", len(texts))
	}
	var bundle Bundle
	for _, text := range texts {
		v, err := Parse(text)
		if err != nil {
			return nil, err
		}
		if !bundle.Contains(v) {
			bundle = append(bundle, v)
		}
	}
	sort.Slice(bundle, func(i, j int) bool { return bundle[i].Less(bundle[j]) })
	return bundle, nil
}

// Contains reports whether the image holds exactly v.
func (b Bundle) Contains(v Version) bool {
	for _, w := range b {
		if v == w {
			return true
		}
	}
	return false
}

// Newest is the newest patch of a minor, releases before pre-releases.
func (b Bundle) Newest(line Line) (Version, bool) {
	var newest Version
	found := false
	for _, v := range b {
		if v.Line() != line || found && v.Pre != "" && newest.Pre == "" {
			continue
		}
		newest, found = v, true
	}
	return newest, found
}

// Nearest is v itself if the image holds it, else the newest patch of its minor: within a minor the data format is one.
func (b Bundle) Nearest(v Version) (Version, bool) {
	if b.Contains(v) {
		return v, true
	}
	return b.Newest(v.Line())
}

func (b Bundle) String() string {
	text := ""
	for i, v := range b {
		if i > 0 {
			text += ","
		}
		text += v.String()
	}
	return text
}
