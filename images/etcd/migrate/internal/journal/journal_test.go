package journal

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
)

func sample() *Journal {
	from, _ := version.ParsePair("3.5.16/etcd3")
	to, _ := version.ParsePair("3.4.23/etcd3")
	return New("abc", from, to, time.Unix(1, 0))
}

func TestSaveAndLoad(t *testing.T) {
	folder := t.TempDir()
	if j, err := Load(folder); j != nil || err != nil {
		t.Fatalf("%v, %v", j, err)
	}
	j := sample()
	j.Phase = Swapping
	if err := j.Save(folder, time.Unix(2, 0)); err != nil {
		t.Fatal(err)
	}
	got, err := Load(folder)
	if err != nil || !reflect.DeepEqual(got, j) {
		t.Fatalf("%+v, %v", got, err)
	}
}

func TestInvalid(t *testing.T) {
	for _, content := range []string{"", "{", "[]", "null", `{"format":2}`, `{"format":1,"id":"x","to":"3.4/etcd3","phase":"working"}`,
		`{"format":1,"id":"x","to":"3.4.0/etcd3","phase":"dancing"}`, `{"format":1,"to":"3.4.0/etcd3","phase":"working"}`} {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, Name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if j, err := Load(folder); !errors.Is(err, ErrInvalid) {
			t.Errorf("%q became %+v, %v", content, j, err)
		}
	}
}

func FuzzJournal(f *testing.F) {
	f.Add([]byte(`{"format":1,"id":"x","from":"","to":"3.4.0/etcd3","phase":"swapped","started":"2020-01-01T00:00:00Z"}`))
	f.Add([]byte("{"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, content []byte) {
		j, err := parse(content)
		if err == nil && j.Target().String() != j.To {
			t.Errorf("the target of %q is %q", j.To, j.Target())
		}
	})
}
