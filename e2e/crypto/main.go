// Encrypts or decrypts standard input to standard output by the very code that Dapr's sidecar does it with.
// Usage: crypto encrypt|decrypt FILE-OF-KEY [ALGORITHM CIPHER]
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/dapr/kit/crypto"
	enc "github.com/dapr/kit/schemes/enc/v1"
	"github.com/lestrrat-go/jwx/v2/jwk"
)

func main() {
	if err := run(os.Args[1], os.Args[2], os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(what string, file string, options []string) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	key, err := crypto.ParseKey(raw, "")
	if err != nil {
		return err
	}
	var out io.Reader
	if what == "encrypt" {
		out, err = encrypt(key, filepath.Base(file), options[0], options[1])
	} else {
		out, err = decrypt(key)
	}
	if err != nil {
		return err
	}
	_, err = io.Copy(os.Stdout, out)
	return err
}

func encrypt(key jwk.Key, name string, algorithm string, cipher string) (io.Reader, error) {
	use := enc.Cipher(cipher)
	return enc.Encrypt(os.Stdin, enc.EncryptOptions{
		KeyName:   name,
		Algorithm: enc.KeyAlgorithm(algorithm),
		Cipher:    &use,
		WrapKeyFn: func(plain []byte, algorithm string, _ string, nonce []byte) ([]byte, []byte, error) {
			return crypto.Encrypt(plain, algorithm, key, nonce, nil)
		},
	})
}

func decrypt(key jwk.Key) (io.Reader, error) {
	return enc.Decrypt(os.Stdin, enc.DecryptOptions{
		UnwrapKeyFn: func(wrapped []byte, algorithm string, _ string, nonce []byte, tag []byte) ([]byte, error) {
			return crypto.Decrypt(wrapped, algorithm, key, nonce, tag, nil)
		},
	})
}
