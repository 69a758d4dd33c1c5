// Package e2e tests the built program with real etcd. Its tests are selected by the build tag etcd, and need a folder of
// binaries, which testdata/fetch-etcd.sh fills:
//
//	ETCD_BINARIES=/tmp/etcd-versions go test -tags etcd ./e2e
//
// Where a folder is given and a version is missing from it, the tests that need this version fail.
package e2e
