package datadir

import (
	"encoding/json"
	"path"
	"strconv"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/protobuf"
)

// membership is the members by their number. voting is set for those that raft knows, learners included.
type membership map[uint64]*memberState

type memberState struct {
	Member
	voting bool
}

func (m membership) get(id uint64) *memberState {
	if m[id] == nil {
		if len(m) >= maxMembers {
			return &memberState{}
		}
		m[id] = &memberState{Member: Member{ID: id}}
	}
	return m[id]
}

func (m membership) add(ids []uint64, learner bool) {
	for _, id := range ids {
		state := m.get(id)
		state.voting, state.Learner = true, learner
	}
}

func (m membership) fill(known Member) {
	state := m.get(known.ID)
	if state.Name == "" {
		state.Name = known.Name
	}
	if len(state.PeerURLs) == 0 {
		state.PeerURLs = known.PeerURLs
	}
}

// attribute takes a record of the v2 store: /0/members/<id>/attributes has the name, raftAttributes the URLs.
func (m membership) attribute(key, value string) {
	id, err := strconv.ParseUint(path.Base(path.Dir(key)), 16, 64)
	var record memberRecord
	if err != nil || json.Unmarshal([]byte(value), &record) != nil {
		return
	}
	state := m.get(id)
	if record.Name != "" {
		state.Name = record.Name
	}
	if len(record.PeerURLs) > 0 {
		state.PeerURLs = record.PeerURLs
	}
}

// The kinds of membership changes.
const (
	addNode        = 0
	removeNode     = 1
	addLearnerNode = 3
)

func (m membership) change(message []byte) {
	var kind, id uint64
	var context []byte
	err := protobuf.Each(message, func(field protobuf.Field) error {
		switch field.Number {
		case 2:
			kind = field.Value
		case 3:
			id = field.Value
		case 4:
			context = field.Bytes
		}
		return nil
	})
	if err != nil || id == 0 {
		return
	}
	if kind == removeNode {
		delete(m, id)
		return
	}
	var record memberRecord
	_ = json.Unmarshal(context, &record)
	m.fill(Member{ID: id, Name: record.Name, PeerURLs: record.PeerURLs})
	if kind == addNode || kind == addLearnerNode {
		m.add([]uint64{id}, kind == addLearnerNode)
	}
}

func (m membership) list() []Member {
	var list []Member
	for _, state := range m {
		if state.voting {
			list = append(list, state.Member)
		}
	}
	return list
}
