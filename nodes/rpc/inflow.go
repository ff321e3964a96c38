package rpc

import "encoding/binary"

// Of HTTP/2 (RFC 9113) what inflow reads of it: how long the client's preface and a frame's header are (3.4, 4.1), types of frames and
// their flags (6.1, 6.2, 6.4). A gRPC message comes behind a byte that says whether it is compressed and four that say how long it is.
const (
	prefaceSize      = 24
	frameHeaderSize  = 9
	dataFrame        = 0
	headersFrame     = 1
	resetFrame       = 3
	endStreamFlag    = 1
	paddedFlag       = 8
	messageStartSize = 5
	// streamSize is what a message takes besides its bytes as long as it is not there.
	streamSize = 128
)

// inflow reads along what comes in over a connection, and knows how many bytes of it belong to messages that are not complete.
type inflow struct {
	// preface is what has come in of it.
	preface int
	// header is that of the frame under way, of which so much has come in.
	header     [frameHeaderSize]byte
	headerRead int
	// padded says that the next byte is how long the padding is; left and padding are what is to come of the frame and behind it.
	padded        bool
	left, padding int

	streams map[uint32]*arriving
	held    int64
}

// arriving is a message that is coming in over a stream.
type arriving struct {
	start     [messageStartSize]byte
	startRead int
	// left is what is to come of the message.
	left int64
	held int64
	// refused says that gRPC takes nothing more of this stream: its message is too long.
	refused bool
}

// read takes in what came next.
func (i *inflow) read(text []byte) {
	for len(text) > 0 {
		n := 1
		switch {
		case i.preface < prefaceSize:
			n = min(prefaceSize-i.preface, len(text))
			i.preface += n
		case i.headerRead < frameHeaderSize:
			if n = copy(i.header[i.headerRead:], text); i.headerRead+n == frameHeaderSize {
				i.begin()
			}
			i.headerRead += n
		case i.padded:
			i.padded = false
			i.padding = min(int(text[0]), i.left-1)
			i.left -= 1 + i.padding
		case i.left > 0:
			if n = min(i.left, len(text)); i.kind() == dataFrame {
				i.take(text[:n])
			}
			i.left -= n
		default:
			n = min(i.padding, len(text))
			i.padding -= n
		}
		text = text[n:]
		if i.headerRead == frameHeaderSize && !i.padded && i.left == 0 && i.padding == 0 {
			i.end()
			i.headerRead = 0
		}
	}
}

func (i *inflow) kind() byte { return i.header[3] }

func (i *inflow) flag(flag byte) bool { return i.header[4]&flag != 0 }

// stream is the number of the frame's stream.
func (i *inflow) stream() uint32 { return binary.BigEndian.Uint32(i.header[5:]) &^ (1 << 31) }

// begin starts a frame, whose header is complete.
func (i *inflow) begin() {
	i.left = int(i.header[0])<<16 | int(i.header[1])<<8 | int(i.header[2])
	i.padded = i.kind() == dataFrame && i.flag(paddedFlag) && i.left > 0
}

// end ends a frame.
func (i *inflow) end() {
	if kind := i.kind(); kind == resetFrame || (kind == dataFrame || kind == headersFrame) && i.flag(endStreamFlag) {
		i.forget(i.stream())
	}
}

// take has the frame's stream go on with some bytes.
func (i *inflow) take(text []byte) {
	stream := i.stream()
	m := i.streams[stream]
	if m == nil {
		m = new(arriving)
		if i.streams == nil {
			i.streams = map[uint32]*arriving{}
		}
		i.streams[stream] = m
		m.held += streamSize
		i.held += streamSize
	}
	for len(text) > 0 && !m.refused {
		if m.startRead < messageStartSize {
			n := copy(m.start[m.startRead:], text)
			text = text[n:]
			if m.startRead += n; m.startRead == messageStartSize {
				m.left = int64(binary.BigEndian.Uint32(m.start[1:]))
				m.refused = m.left > MaxMessage
			}
		} else {
			n := min(m.left, int64(len(text)))
			text = text[n:]
			m.left -= n
			m.held += n
			i.held += n
		}
		if m.startRead == messageStartSize && m.left == 0 {
			m.startRead = 0
			i.held -= m.held - streamSize
			m.held = streamSize
		}
	}
	if m.startRead == 0 {
		i.forget(stream)
	}
}

// forget takes a stream's message off the count: it is there, or will not come.
func (i *inflow) forget(stream uint32) {
	if m := i.streams[stream]; m != nil {
		i.held -= m.held
		delete(i.streams, stream)
	}
}
