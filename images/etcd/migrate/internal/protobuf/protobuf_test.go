package protobuf

import "testing"

func FuzzEach(f *testing.F) {
	f.Add([]byte{0x08, 0x01, 0x12, 0x03, 'a', 'b', 'c', 0x19, 1, 2, 3, 4, 5, 6, 7, 8, 0x25, 1, 2, 3, 4})
	f.Add([]byte{0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, message []byte) {
		_ = Each(message, func(field Field) error {
			_, err := Numbers(field)
			_ = err
			return nil
		})
	})
}
