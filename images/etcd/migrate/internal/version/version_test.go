package version

import "testing"

func TestParsePair(t *testing.T) {
	for _, text := range []string{"3.1.2/etcd3", "1.1.1-rc.0/etcd3", "10.100.1000/etcd3", "2.3.7/etcd2", "3.5.0+git/etcd3"} {
		pair, err := ParsePair(text)
		if err != nil || pair.String() != text {
			t.Errorf("%q became %q, %v", text, pair, err)
		}
	}
	for _, text := range []string{"", "/", "3.4.3", "1.1/etcd3", "1.1.1.1/etcd3", "1.1.1/etcd4", "v3.4.0/etcd3", "3.4.0/etcd3/", "3.04.0/etcd3",
		"3.4.99999999999999999999/etcd3", "3.4.-1/etcd3", "3.4.+1/etcd3", "3.4.0-/etcd3", "3.4.0-01/etcd3", " 3.4.0/etcd3", "3.4.0/etcd3\n"} {
		if pair, err := ParsePair(text); err == nil {
			t.Errorf("%q became %q", text, pair)
		}
	}
}

func TestOrder(t *testing.T) {
	ascending := []string{"2.2.1", "2.3.7", "3.0.0-alpha", "3.0.0-alpha.1", "3.0.0-alpha.beta", "3.0.0-rc.2", "3.0.0-rc.11", "3.0.0", "3.0.17", "3.4.9", "3.4.10", "3.10.0"}
	for i := range ascending {
		for j := range ascending {
			a, _ := Parse(ascending[i])
			b, _ := Parse(ascending[j])
			if a.Less(b) != (i < j) {
				t.Errorf("%s < %s is %t", a, b, a.Less(b))
			}
		}
	}
}

func TestLineNext(t *testing.T) {
	for from, want := range map[string]string{"2.2": "2.3", "2.3": "3.0", "3.0": "3.1", "3.9": "3.10"} {
		line, _ := ParseLine(from)
		if got := line.Next().String(); got != want {
			t.Errorf("after %s comes %s, not %s", from, got, want)
		}
	}
}

func TestBundle(t *testing.T) {
	b, err := NewBundle([]string{"3.5.16", "3.4.23", "3.5.9", "3.5.16", "3.6.0-rc.1"})
	if err != nil || b.String() != "3.4.23,3.5.9,3.5.16,3.6.0-rc.1" {
		t.Fatalf("%s, %v", b, err)
	}
	for want, recorded := range map[string]string{"3.5.9": "3.5.9", "3.5.16": "3.5.1", "3.4.23": "3.4.0", "3.6.0-rc.1": "3.6.0"} {
		v, _ := Parse(recorded)
		if got, found := b.Nearest(v); !found || got.String() != want {
			t.Errorf("for %s runs %s, not %s", recorded, got, want)
		}
	}
	if _, found := b.Newest(Line{3, 3}); found {
		t.Error("3.3 is not in the bundle")
	}
}

func FuzzParsePair(f *testing.F) {
	for _, seed := range []string{"3.5.16/etcd3", "", "/", "3.4", "1.1.1-rc.0/etcd3", "\x00", "3.4.0/etcd3/x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		pair, err := ParsePair(text)
		if err == nil && pair.String() != text {
			t.Errorf("%q became %q", text, pair)
		}
		_, _ = ParseLine(text)
	})
}
