package web

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"

	"navette/crdt/oplog"
	"navette/node"
	"navette/node/durable"
)

// certificateFile holds the node's own certificate and its key.
const certificateFile = "web-certificate.pem"

// certificateYears is how long a certificate of ours is valid: longer than the
// machine lasts, since nobody renews it and its fingerprint is on a poster.
const certificateYears = 30

// OwnCertificate returns the certificate of the node whose data folder is dir,
// and makes it at the first call. It is signed by itself; it is valid from the
// day this program was made, not from what a clock without a battery says.
func OwnCertificate(dir string, names []string) (tls.Certificate, error) {
	path := filepath.Join(dir, certificateFile)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if b, err = newCertificate(names); err == nil {
			err = durable.WriteFile(path, b)
		}
	}
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("web: the certificate: %w", err)
	}
	c, err := tls.X509KeyPair(b, b)
	if err != nil {
		return c, fmt.Errorf("web: the certificate in %s: %w", path, err)
	}
	return c, nil
}

func newCertificate(names []string) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	var serial [16]byte
	rand.Read(serial[:])
	c := &x509.Certificate{
		SerialNumber:          new(big.Int).SetBytes(serial[:]),
		Subject:               pkix.Name{CommonName: "Navette"},
		NotBefore:             node.Released,
		NotAfter:              node.Released.AddDate(certificateYears, 0, 0),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		DNSNames:              append([]string{"localhost"}, names...),
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	for _, ip := range interfaceAddresses() {
		c.IPAddresses = append(c.IPAddresses, ip.AsSlice())
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		return nil, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})...), nil
}

// CertificateMark is what people compare with a poster: the sha2-256 of a
// certificate as browsers show it, and its first 44 bits as four words.
func CertificateMark(c tls.Certificate) (words, digits string) {
	sum := sha256.Sum256(c.Certificate[0])
	n := binary.BigEndian.Uint64(sum[:])
	var w, d []string
	for i := range 4 {
		w = append(w, oplog.Word(int(n>>(53-11*i)&2047)))
	}
	for _, b := range sum {
		d = append(d, fmt.Sprintf("%02X", b))
	}
	return strings.Join(w, " "), strings.Join(d, ":")
}

// SecureConfig is how the pages are served over TLS.
func SecureConfig(c tls.Certificate) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{c}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}
}
