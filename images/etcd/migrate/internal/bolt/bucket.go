package bolt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// Bucket is a named set of keys. A small one lies inline in its parent's page.
type Bucket struct {
	file   *File
	root   uint64
	inline []byte
}

// errStop ends a walk early; it never leaves the package.
var errStop = errors.New("stop")

// Bucket finds a top-level bucket; nil without an error means that there is none.
func (f *File) Bucket(name string) (*Bucket, error) {
	value, isBucket, err := (&Bucket{file: f, root: f.root}).get([]byte(name))
	if err != nil || value == nil || !isBucket {
		return nil, err
	}
	if len(value) < 16 {
		return nil, fmt.Errorf("%w: short bucket %q", ErrMalformed, name)
	}
	bucket := &Bucket{file: f, root: binary.LittleEndian.Uint64(value)}
	if bucket.root == 0 {
		bucket.inline = value[16:]
	}
	return bucket, nil
}

// Get returns a copy of a key's value, or nil if the key or the bucket itself is absent.
func (b *Bucket) Get(key string) ([]byte, error) {
	if b == nil {
		return nil, nil
	}
	value, _, err := b.get([]byte(key))
	return value, err
}

func (b *Bucket) get(key []byte) (value []byte, isBucket bool, err error) {
	current, _, err := b.rootNode(nil)
	for depth := 0; err == nil; depth++ {
		if depth > maxDepth {
			return nil, false, fmt.Errorf("%w: too deep", ErrMalformed)
		}
		at, exact := 0, false
		if at, exact, err = current.search(key); err != nil || at < 0 {
			return nil, false, err
		}
		var found element
		if found, err = current.element(at); err != nil {
			return nil, false, err
		}
		if current.leaf {
			if !exact {
				return nil, false, nil
			}
			return append(make([]byte, 0, len(found.value)), found.value...), found.bucket, nil
		}
		current, _, err = b.file.readNode(found.child, nil)
	}
	return nil, false, err
}

// search finds the last element that is not after key; -1 means that all are.
func (p node) search(key []byte) (at int, exact bool, err error) {
	low, high := 0, p.n
	for low < high {
		middle := (low + high) / 2
		e, err := p.element(middle)
		if err != nil {
			return 0, false, err
		}
		switch bytes.Compare(e.key, key) {
		case 0:
			return middle, true, nil
		case -1:
			low = middle + 1
		default:
			high = middle
		}
	}
	if low == 0 && !p.leaf && p.n > 0 {
		return 0, false, nil // a branch's first key may be newer than what its subtree holds
	}
	return low - 1, false, nil
}

func (b *Bucket) rootNode(buffer []byte) (node, []byte, error) {
	if b.inline != nil {
		p, err := parseNode(b.inline)
		return p, buffer, err
	}
	return b.file.readNode(b.root, buffer)
}

// Each visits the keys in order; what it passes is valid only during the call.
func (b *Bucket) Each(visit func(key, value []byte) error) error {
	if b == nil {
		return nil
	}
	return b.walk(false, visit)
}

// Last returns copies of the greatest key and its value; nil when the bucket is empty.
func (b *Bucket) Last() (key, value []byte, err error) {
	if b == nil {
		return nil, nil, nil
	}
	err = b.walk(true, func(k, v []byte) error {
		key, value = append([]byte{}, k...), append([]byte{}, v...)
		return errStop
	})
	if errors.Is(err, errStop) {
		err = nil
	}
	return key, value, err
}

func (b *Bucket) walk(backwards bool, visit func(key, value []byte) error) error {
	w := walker{file: b.file, left: b.file.pages + 1, backwards: backwards, visit: visit}
	root, buffer, err := b.rootNode(nil)
	if err != nil {
		return err
	}
	w.buffers = append(w.buffers, buffer)
	return w.node(root, 1)
}

// walker visits a tree. A page that occurs twice would make it visit more pages than there are, which left notices.
type walker struct {
	file      *File
	left      uint64
	backwards bool
	buffers   [][]byte
	visit     func(key, value []byte) error
}

func (w *walker) node(p node, depth int) error {
	if w.left == 0 || depth > maxDepth {
		return fmt.Errorf("%w: its pages form a loop", ErrMalformed)
	}
	w.left--
	for i := 0; i < p.n; i++ {
		at := i
		if w.backwards {
			at = p.n - 1 - i
		}
		e, err := p.element(at)
		if err != nil {
			return err
		}
		if err := w.element(p.leaf, e, depth); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) element(leaf bool, e element, depth int) error {
	if leaf {
		if e.bucket {
			return nil
		}
		return w.visit(e.key, e.value)
	}
	if len(w.buffers) <= depth {
		w.buffers = append(w.buffers, nil)
	}
	child, buffer, err := w.file.readNode(e.child, w.buffers[depth])
	w.buffers[depth] = buffer
	if err != nil {
		return err
	}
	return w.node(child, depth+1)
}
