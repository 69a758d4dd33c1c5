// Package e2e tests the built program with real etcd. Its tests are selected by the build tag etcd, and need a folder of
// binaries, which testdata/fetch-etcd.sh fills:
//
//	ETCD_BINARIES=/tmp/etcd-versions go test -tags etcd ./e2e
//
// Any other versions may be in that folder: the tests go every way between what is there, and those that need a minor that is missing are skipped.
package e2e
