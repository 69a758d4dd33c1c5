package datadir

import (
	"encoding/json"
	"math"
	"path"
	"strconv"
	"strings"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/protobuf"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/wal"
)

// The v2 store keeps the cluster's own records beside the users' keys, under these two roots.
const (
	clusterRoot = "/0"
	usersRoot   = "/1"
)

// The fields of a request in the log that matter here.
const (
	fieldV2                = 2
	fieldCompaction        = 7
	fieldFirstWrite        = 4 // put, range deletion, transaction, compaction, lease grant and revocation
	fieldLastWrite         = 9
	fieldFirstAuth         = 1000
	fieldLastAuth          = 1299
	fieldAuthenticate      = 1012
	fieldClusterVersionSet = 1300
)

// entry takes from one entry of the log what it says about the cluster.
func (r *logReader) entry(e wal.Entry) {
	if e.ConfChange {
		r.members.change(e.Data)
		return
	}
	var v2 []byte
	raw := false
	err := protobuf.Each(e.Data, func(field protobuf.Field) error {
		n := field.Number
		switch {
		case n == fieldV2 && field.Type == 2:
			v2, raw = field.Bytes, isMethod(string(field.Bytes))
		case raw:
		case n == fieldCompaction && isFutile(field.Bytes):
		case n >= fieldFirstWrite && n <= fieldLastWrite, n >= fieldFirstAuth && n <= fieldLastAuth && n != fieldAuthenticate:
			r.LastWrite = e.Index
		case n == fieldClusterVersionSet:
			r.clusterVersionSet(field.Bytes)
		}
		return nil
	})
	if err != nil || v2 == nil {
		return
	}
	if raw {
		v2 = e.Data
	}
	r.v2Request(v2, e.Index)
}

// isFutile tells a compaction at the last of all revisions, which etcd can only refuse. It is what migrate sends to make the log move, and
// changes nothing.
func isFutile(compaction []byte) bool {
	futile := false
	_ = protobuf.Each(compaction, func(field protobuf.Field) error {
		futile = futile || field.Number == 1 && field.Value == math.MaxInt64
		return nil
	})
	return futile
}

// isMethod tells a v2 request that is written as such from one inside a v3 request: the former has its method where the
// latter has a message.
func isMethod(text string) bool {
	switch text {
	case "GET", "QGET", "PUT", "POST", "DELETE", "SYNC":
		return true
	}
	return false
}

func (r *logReader) clusterVersionSet(message []byte) {
	_ = protobuf.Each(message, func(field protobuf.Field) error {
		if field.Number == 1 {
			r.setVersion(string(field.Bytes))
		}
		return nil
	})
}

func (r *logReader) setVersion(text string) {
	line, err := version.ParseLine(text)
	if err != nil {
		r.problem("cluster version: %v", err)
		return
	}
	r.LogVersion = line
	if r.FirstVersion.IsZero() {
		r.FirstVersion = line
	}
}

// The fields of a v2 request. A condition on the key's old value may keep a deletion from happening.
type v2Fields struct {
	method, path, value    string
	conditional, recursive bool
}

func parseV2(message []byte) (v v2Fields) {
	_ = protobuf.Each(message, func(field protobuf.Field) error {
		switch field.Number {
		case 2:
			v.method = string(field.Bytes)
		case 3:
			v.path = string(field.Bytes)
		case 4:
			v.value = string(field.Bytes)
		case 6:
			v.conditional = v.conditional || len(field.Bytes) > 0
		case 7:
			v.conditional = v.conditional || field.Value != 0
		case 12:
			v.recursive = field.Value != 0
		}
		return nil
	})
	return v
}

func (r *logReader) v2Request(message []byte, index uint64) {
	v := parseV2(message)
	writes := v.method == "PUT" || v.method == "POST" || v.method == "DELETE"
	switch {
	case writes && v.path == clusterRoot+"/version":
		r.setVersion(v.value)
	case writes && strings.HasPrefix(v.path, clusterRoot+"/members/"):
		r.members.attribute(v.path, v.value)
	case writes && strings.HasPrefix(v.path, usersRoot):
		r.LastWrite = index
		r.v2keys.apply(v)
	}
	if v.method == "PUT" && (v.path == clusterRoot+"/version" || isAttributes(v.path)) {
		r.V2Records++
		return
	}
	if r.V2Requests++; r.V2Requests == 1 {
		r.V2First = V2Request{index, v.method, v.path}
	}
}

// isAttributes tells the one record of a member that etcd 3.6 still reads as a v2 request: /0/members/<id>/attributes.
func isAttributes(key string) bool {
	folder, name := path.Split(key)
	parent, id := path.Split(path.Clean(folder))
	_, err := strconv.ParseUint(id, 16, 64)
	return name == "attributes" && parent == clusterRoot+"/members/" && err == nil
}

// storeNode is a node of the v2 store. Decoding is bounded by the decoder's own limit of nesting.
type storeNode struct {
	Value    string
	Children map[string]*storeNode
}

func (n *storeNode) child(name string) *storeNode {
	if n == nil {
		return nil
	}
	return n.Children[name]
}

func (r *logReader) readStore(content []byte) {
	if len(content) == 0 {
		return
	}
	var store struct{ Root *storeNode }
	if err := json.Unmarshal(content, &store); err != nil {
		r.problem("v2 store in the raft snapshot: %v", err)
		return
	}
	r.v2keys.load(store.Root)
	cluster := store.Root.child("0")
	if node := cluster.child("version"); node != nil && node.Value != "" {
		r.setVersion(node.Value)
	}
	if list := cluster.child("members"); list != nil {
		for id, node := range list.Children {
			for _, name := range []string{"attributes", "raftAttributes"} {
				if attribute := node.child(name); attribute != nil {
					r.members.attribute(clusterRoot+"/members/"+id+"/"+name, attribute.Value)
				}
			}
		}
	}
}
