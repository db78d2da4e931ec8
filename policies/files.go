package policies

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"chatproxy/policies/lock"
)

// maxPEM bounds certificates and keys. The system's whole list of authorities has
// some 250 KiB.
const maxPEM = 4 << 20

// checkFiles checks that the files that the policy names can be read and are what
// they should be.
func (d *decoder) checkFiles(p *Policy) {
	certificate, certificateOK := d.readNamed("tls.certificate", p.TLS.Certificate, maxPEM)
	key, keyOK := d.readNamed("tls.key", p.TLS.Key, maxPEM)
	if keyOK {
		d.checkSecret("tls.key", p.TLS.Key)
	}
	if certificateOK && keyOK {
		if _, err := tls.X509KeyPair(certificate, key); err != nil {
			d.problemAt("tls.certificate", "tls.certificate and tls.key cannot be used together: %v", err)
		}
	}
	if pem, ok := d.readNamed("xmpp.ca", p.XMPP.CA, maxPEM); ok && !x509.NewCertPool().AppendCertsFromPEM(pem) {
		d.problemAt("xmpp.ca", "the file %s holds no certificate in PEM", d.text("xmpp.ca"))
	}
	d.checkClient(p.Chat.Client)
}

// readNamed reads the file that the key at the path names. ok is false when the key
// is not given, and when the file cannot be read, which is a problem.
func (d *decoder) readNamed(path, file string, most int64) (data []byte, ok bool) {
	if !d.has(path) {
		return nil, false
	}
	data, err := readRegular(file, most)
	if d.places[path].Value == "" {
		err = errNoName // file is a default, or a folder
	}
	if err != nil {
		d.problemAt(path, "the file %s cannot be read: %v", d.text(path), reason(err))
		return nil, false
	}
	return data, true
}

// readRegular reads a plain file of at most so many bytes. What is no plain file is
// not opened: a pipe without a writer would block.
func readRegular(file string, most int64) ([]byte, error) {
	f, err := openRegular(file, most)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // nothing was written
	return io.ReadAll(io.LimitReader(f, most))
}

func openRegular(file string, most int64) (*os.File, error) {
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, errors.New("it is a folder")
	case !info.Mode().IsRegular():
		return nil, errors.New("it is not a plain file")
	case info.Size() > most:
		return nil, fmt.Errorf("it has more than %d MiB", most>>20)
	}
	return os.Open(file)
}

// reason returns the cause of a file's error, without the file's name, which may have
// come from a variable.
func reason(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

var errNoName = errors.New("the name is empty")

// checkSecret checks that others cannot read the file (CWE-732).
func (d *decoder) checkSecret(path, file string) {
	if runtime.GOOS == "windows" || runtime.GOOS == "plan9" { // modes mean nothing there
		return
	}
	n := d.at(path)
	if info, err := os.Stat(file); err == nil && info.Mode().Perm()&0o077 != 0 {
		if written, filled := d.written[n]; filled {
			file = written
		}
		d.problem(n, "others than its owner can open the secret file %s (mode %#o); run: chmod 600 %s", d.quote(n), info.Mode().Perm(), file)
	}
}

// checkClient checks the folder of a Converse build.
func (d *decoder) checkClient(folder string) {
	const path = "chat.client"
	if !d.has(path) || d.places[path].Value == "embedded" {
		return
	}
	err := func() error {
		if d.places[path].Value == "" {
			return errNoName
		}
		info, err := os.Stat(folder)
		if err != nil {
			return err
		}
		if !info.IsDir() {
			return errors.New("it is not a folder")
		}
		f, err := os.Open(folder)
		if err != nil {
			return err
		}
		return f.Close()
	}()
	if err != nil {
		d.problemAt(path, "the folder %s cannot be read: %v; write embedded for the built-in client", d.text(path), reason(err))
	}
}

// checkLock checks that the lock is there and can be read, and reports whether it is:
// what is in it is loadLock's to check.
func (d *decoder) checkLock(file string) bool {
	const path = "scripts.lock"
	if !d.has(path) {
		return false
	}
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) && d.places[path].Value != "" {
		if !d.unpinned {
			d.problemAt(path, "there is no lock file %s; run chatproxy pin, which writes it", d.text(path))
		}
		return false
	}
	_, ok := d.readNamed(path, file, lock.MaxFile)
	return ok
}

// beside returns the file's path, which is relative to the policy file's folder.
func beside(policyFile, file string) string {
	if filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(filepath.Dir(policyFile), file)
}
