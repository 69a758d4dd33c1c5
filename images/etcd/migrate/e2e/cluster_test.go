//go:build etcd

package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// certificate makes one self-signed certificate that is its own authority, for both ends of a connection.
func certificate(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "peer"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		IsCA: true, BasicConstraintsValid: true, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	certFile, keyFile = filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	for path, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "EC PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}

// trio is a cluster of three members with TLS between peers.
type trio struct {
	t       *testing.T
	setups  [3]*setup
	servers [3]*server
	initial string
	tls     []string
}

func newTrio(t *testing.T) *trio {
	c := &trio{t: t}
	cert, key := certificate(t)
	c.tls = []string{"--peer-cert-file=" + cert, "--peer-key-file=" + key, "--peer-trusted-ca-file=" + cert, "--peer-client-cert-auth"}
	bin := bundle(t, atHandAll()...)
	var initial []string
	for i := range c.setups {
		c.setups[i] = &setup{dir: filepath.Join(t.TempDir(), "data"), bin: bin, port: freePort(t), peerPort: freePort(t)}
		initial = append(initial, fmt.Sprintf("m%d=%s", i, c.peer(i)))
	}
	c.initial = strings.Join(initial, ",")
	for i, s := range c.setups {
		s.env = []string{"INITIAL_CLUSTER=" + c.initial, "LISTEN_PEER_URLS=" + c.peer(i), "INITIAL_ADVERTISE_PEER_URLS=" + c.peer(i), "ETCD_CREDS=" + strings.Join(c.tls, " ")}
		s.arguments = []string{fmt.Sprintf("--name=m%d", i)}
	}
	return c
}

func (c *trio) peer(i int) string { return fmt.Sprintf("https://127.0.0.1:%d", c.setups[i].peerPort) }

func (c *trio) start(i int, version string, more ...string) {
	client := fmt.Sprintf("http://127.0.0.1:%d", freePort(c.t))
	arguments := append([]string{fmt.Sprintf("--name=m%d", i), "--data-dir=" + c.setups[i].dir, "--listen-client-urls=" + client, "--advertise-client-urls=" + client,
		"--listen-peer-urls=" + c.peer(i), "--initial-advertise-peer-urls=" + c.peer(i), "--initial-cluster=" + c.initial}, append(more, c.tls...)...)
	c.servers[i] = launch(c.t, version, client, arguments...)
}

func (c *trio) endpoints() string {
	return c.servers[0].url + "," + c.servers[1].url + "," + c.servers[2].url
}

// check runs cluster check until it has the exit code.
func (c *trio) check(code int, more ...string) string {
	c.t.Helper()
	var output []byte
	for deadline := time.Now().Add(40 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		command := exec.Command(program, append([]string{"cluster", "check", "--endpoints=" + c.endpoints()}, more...)...)
		output, _ = command.CombinedOutput()
		if command.ProcessState.ExitCode() == code {
			return string(output)
		}
	}
	c.t.Fatalf("cluster check %v does not end with %d:\n%s", more, code, output)
	return ""
}

// TestRollingClusterWithPeerTLS rolls three members from 3.4 to 3.5 as the README says, with checks before and after. The
// cluster stays one.
func TestRollingClusterWithPeerTLS(t *testing.T) {
	if v34 == "" || v35 == "" {
		t.Skip("ETCD_BINARIES lacks 3.4 or 3.5")
	}
	c := newTrio(t)
	for i, s := range c.setups {
		s.migrate(t, 0, v34)
		c.start(i, v34)
	}
	c.check(0, "--expect-version=3.4")
	c.servers[0].fill(2000)
	before := c.servers[0].content()
	snapshot := filepath.Join(t.TempDir(), "leader.db")
	mustContain(t, c.check(0, "--snapshot="+snapshot), "verified")
	for i, s := range c.setups {
		c.servers[i].stop()
		mustContain(t, s.migrate(t, 0, v35), "step=backup")
		c.start(i, v35)
		if i < 2 {
			mustContain(t, c.check(0), "mixed")
			c.check(7, "--expect-version=3.5")
		}
	}
	c.check(0, "--expect-version=3.5")
	for _, server := range c.servers {
		same(t, before, server.content())
	}
	for i, s := range c.setups {
		c.servers[i].stop()
		mustContain(t, s.migrate(t, 2, v34), "--from-snapshot")
		mustContain(t, s.migrate(t, 2, "3.7.0"), "one minor at a time")
	}
	c.downgrade(before)
}

// downgrade takes all members back with one snapshot for all.
func (c *trio) downgrade(before string) {
	for i := range c.setups {
		c.start(i, v35)
	}
	snapshot := filepath.Join(c.t.TempDir(), "all.db")
	c.check(0, "--expect-version=3.5")
	c.check(0, "--snapshot="+snapshot)
	for i := range c.setups {
		c.servers[i].stop()
	}
	for _, s := range c.setups {
		s.migrate(c.t, 0, v34, "--from-snapshot="+snapshot)
	}
	for i := range c.setups {
		c.start(i, v34)
	}
	c.check(0, "--expect-version=3.4")
	var members struct{ Members []object }
	c.servers[0].post("/cluster/member/list", object{}, &members)
	if len(members.Members) != 3 {
		text, _ := json.Marshal(members)
		c.t.Errorf("members: %s", text)
	}
	for _, server := range c.servers {
		same(c.t, before, server.content())
	}
}
