package datadir

import "strings"

// maxV2Keys bounds the keys of the v2 store that are followed. Beyond that it is taken to hold some for good.
const maxV2Keys = 1 << 17

// v2keys follows which keys the v2 store holds: by the raft snapshot, and then by each request of the log. Conditions and lifetimes are not worked
// out: a key counts until it is surely deleted.
type v2keys struct {
	live map[string]bool
	many bool // there were too many to follow, or they are not keys that a client can delete
}

func (k *v2keys) any() bool { return k.many || len(k.live) > 0 }

func (k *v2keys) add(path string) {
	if k.live == nil {
		k.live = map[string]bool{}
	}
	if len(k.live) >= maxV2Keys {
		k.many = true
		return
	}
	k.live[path] = true
}

func (k *v2keys) apply(v v2Fields) {
	switch {
	case v.method != "DELETE":
		k.add(v.path)
	case v.conditional:
	default:
		delete(k.live, v.path)
		if !v.recursive {
			return
		}
		for path := range k.live {
			if strings.HasPrefix(path, v.path+"/") {
				delete(k.live, path)
			}
		}
	}
}

// load takes over what a raft snapshot has, by the rule of etcd 3.6: everything but the cluster's own records; of the permissions, under /2, the two
// folders that hold them do not count.
func (k *v2keys) load(root *storeNode) {
	if root == nil {
		return
	}
	for name, node := range root.Children {
		switch {
		case name == "0" || node == nil:
		case name == "1":
			k.walk("/1", node)
		case name != "2":
			k.many = k.many || len(node.Children) > 0
		default:
			for _, kind := range node.Children {
				k.many = k.many || kind != nil && len(kind.Children) > 0
			}
		}
	}
}

// walk adds the nodes below a folder, folders too: an empty one counts as content for etcd. The decoder has bounded the depth.
func (k *v2keys) walk(path string, node *storeNode) {
	for name, child := range node.Children {
		k.add(path + "/" + name)
		if child != nil && !k.many {
			k.walk(path+"/"+name, child)
		}
	}
}
