package datadir

import (
	"encoding/binary"
	"encoding/json"
	"strconv"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/bolt"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
)

// maxMembers bounds what is read of the membership: etcd is run with three to nine.
const maxMembers = 4096

func (d *Database) readMeta(file *bolt.File) error {
	meta, err := file.Bucket("meta")
	if err != nil {
		return err
	}
	if value, err := meta.Get("storageVersion"); err != nil {
		return err
	} else if value != nil {
		if d.StorageVersion, err = version.ParseLine(string(value)); err != nil {
			return err
		}
	}
	value, err := meta.Get("consistent_index")
	if err != nil {
		return err
	}
	if len(value) == 8 {
		d.ConsistentIndex = binary.BigEndian.Uint64(value)
	}
	finished, err := meta.Get("finishedCompactRev")
	if err != nil {
		return err
	}
	d.CompactRevision = revision(finished)
	scheduled, err := meta.Get("scheduledCompactRev")
	d.CompactScheduled = revision(scheduled)
	return err
}

// revision takes the main part of a revision: eight bytes, '_', eight bytes.
func revision(key []byte) int64 {
	if len(key) < 17 {
		return 0
	}
	return int64(binary.BigEndian.Uint64(key))
}

func (d *Database) readRevision(file *bolt.File) error {
	keys, err := file.Bucket("key")
	if err != nil {
		return err
	}
	last, _, err := keys.Last()
	d.Revision = revision(last)
	if d.Revision < d.CompactRevision {
		d.Revision = d.CompactRevision
	}
	return err
}

func (d *Database) readAuth(file *bolt.File) error {
	auth, err := file.Bucket("auth")
	if err != nil {
		return err
	}
	enabled, err := auth.Get("authEnabled")
	d.AuthEnabled = len(enabled) == 1 && enabled[0] == 1
	return err
}

// memberRecord is how etcd writes a member as JSON, in the database, the v2 store and membership changes alike.
type memberRecord struct {
	ID        uint64   `json:"id"`
	PeerURLs  []string `json:"peerURLs"`
	IsLearner bool     `json:"isLearner"`
	Name      string   `json:"name"`
}

func (d *Database) readCluster(file *bolt.File) error {
	cluster, err := file.Bucket("cluster")
	if err != nil {
		return err
	}
	value, err := cluster.Get("clusterVersion")
	if err != nil {
		return err
	}
	if value != nil {
		if d.ClusterVersion, err = version.ParseLine(string(value)); err != nil {
			return err
		}
	}
	members, err := file.Bucket("members")
	if err != nil {
		return err
	}
	return members.Each(func(key, value []byte) error {
		id, err := strconv.ParseUint(string(key), 16, 64)
		var record memberRecord
		if err != nil || json.Unmarshal(value, &record) != nil || len(d.Members) >= maxMembers {
			return nil // a member that cannot be read is no reason to doubt the keys
		}
		d.Members = append(d.Members, Member{ID: id, Name: record.Name, PeerURLs: record.PeerURLs, Learner: record.IsLearner})
		return nil
	})
}
