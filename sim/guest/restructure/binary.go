package restructure

import "errors"

var (
	errTruncated = errors.New("it ends too early")
	errNumber    = errors.New("a number is too long")
)

// reader reads WebAssembly's binary format. After an error it reads zeros, and the error stays.
type reader struct {
	data []byte
	at   int
	err  error
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.at = len(r.data)
}

func (r *reader) more() bool { return r.err == nil && r.at < len(r.data) }

func (r *reader) byte() byte {
	if r.at >= len(r.data) {
		r.fail(errTruncated)
		return 0
	}
	b := r.data[r.at]
	r.at++
	return b
}

// take returns the next n bytes.
func (r *reader) take(n uint32) []byte {
	if uint64(n) > uint64(len(r.data)-r.at) {
		r.fail(errTruncated)
		return nil
	}
	taken := r.data[r.at : r.at+int(n) : r.at+int(n)]
	r.at += int(n)
	return taken
}

// u32 reads an unsigned number in LEB128.
func (r *reader) u32() uint32 {
	var value uint64
	for shift := 0; shift < 35; shift += 7 {
		b := r.byte()
		value |= uint64(b&0x7f) << shift
		if b < 0x80 {
			if value>>32 != 0 {
				break
			}
			return uint32(value)
		}
	}
	r.fail(errNumber)
	return 0
}

// signed reads a signed number of up to 64 bits in LEB128.
func (r *reader) signed() int64 {
	var value int64
	for shift := 0; shift < 70; shift += 7 {
		b := r.byte()
		value |= int64(b&0x7f) << shift
		if b < 0x80 {
			if shift+7 < 64 && b&0x40 != 0 {
				value |= -1 << (shift + 7)
			}
			return value
		}
	}
	r.fail(errNumber)
	return 0
}

// sized reads a length and that many bytes.
func (r *reader) sized() []byte { return r.take(r.u32()) }

// appendU32 appends an unsigned number in LEB128.
func appendU32[number int | uint32](out []byte, n number) []byte {
	value := uint32(n)
	for value >= 0x80 {
		out = append(out, byte(value)|0x80)
		value >>= 7
	}
	return append(out, byte(value))
}

// appendSized appends a length and the bytes.
func appendSized(out, data []byte) []byte {
	return append(appendU32(out, len(data)), data...)
}

// appendSigned appends a signed number in LEB128.
func appendSigned(out []byte, value int64) []byte {
	for {
		b := byte(value & 0x7f)
		value >>= 7
		if value == 0 && b&0x40 == 0 || value == -1 && b&0x40 != 0 {
			return append(out, b)
		}
		out = append(out, b|0x80)
	}
}
