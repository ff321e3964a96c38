package network

import (
	"hash/crc32"
	"net/netip"
)

// NoteKind says what a Note is about.
type NoteKind uint8

// The things that the network takes note of.
const (
	NoteConnect     NoteKind = iota // a program begins to connect
	NoteEstablished                 // its connection is open
	NoteRefused                     // its connection was refused
	NoteAccept                      // a program accepted a connection
	NoteReset                       // a machine heard that its connection was reset
	NoteTimedOut                    // a machine gave a connection up, or an attempt at one
	NoteFinished                    // a machine heard that the other side sends no more
	NoteDelivered                   // bytes, or a datagram, reached a socket
	NoteCut                         // a packet vanished in a cut
	NoteLost                        // a packet was lost by chance
	NoteRejected                    // a packet was rejected on its way
	NoteUnheard                     // a packet came to a machine that is down
	NoteDiscarded                   // a packet came and was thrown away: a full buffer or backlog, nobody to take it, or one before it missing
	NoteRetransmit                  // a packet is sent again
	NoteClogged                     // a packet waits in a clog
	noteKinds
)

var noteNames = [noteKinds]string{"connect", "established", "refused", "accept", "reset", "timed-out", "finished", "delivered",
	"cut", "lost", "rejected", "unheard", "discarded", "retransmit", "clogged"}

// String is the name that traces and reports use.
func (k NoteKind) String() string {
	if k < noteKinds {
		return noteNames[k]
	}
	return "unknown"
}

// NoteSet is a set of kinds.
type NoteSet uint32

// Set returns the set of the given kinds.
func Set(kinds ...NoteKind) NoteSet {
	var s NoteSet
	for _, k := range kinds {
		s |= 1 << k
	}
	return s
}

// Has tells whether k is in s.
func (s NoteSet) Has(k NoteKind) bool { return s&(1<<k) != 0 }

// AllNotes takes note of everything; ConnectionNotes leaves out what happens to single packets.
var (
	AllNotes        = NoteSet(1<<noteKinds - 1)
	ConnectionNotes = Set(NoteConnect, NoteEstablished, NoteRefused, NoteAccept, NoteReset, NoteTimedOut, NoteFinished)
)

// Note is something that happened on the network.
type Note struct {
	At   int64 // true time in nanoseconds
	Kind NoteKind
	UDP  bool
	// From and Source sent, or would have sent, To and Destination: for notes on a connection, From is the side that the note is about.
	From, To            Host
	Source, Destination netip.AddrPort
	// Size and Sum are those of the payload; Sum is its CRC-32C. Zero in notes on connections.
	Size int
	Sum  uint32
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// SetNotes says of what to take notes. The default is of nothing, which costs nothing.
func (n *Network) SetNotes(wanted NoteSet) { n.wanted = wanted }

// TakeNotes returns the notes since the last call, in order. The slice is the caller's until the next call.
func (n *Network) TakeNotes() []Note {
	taken := n.notes
	n.notes, n.spareNotes = n.spareNotes[:0], taken
	return taken
}

// notePacket takes note of what became of a packet.
func (n *Network) notePacket(now int64, kind NoteKind, p *packet) {
	if !n.wanted.Has(kind) {
		return
	}
	n.notes = append(n.notes, Note{At: now, Kind: kind, UDP: p.kind == datagram, From: p.from, To: p.to,
		Source: p.sourceAddress, Destination: p.destinationAddress, Size: len(p.data), Sum: crc32.Checksum(p.data, castagnoli)})
}

// noteSocket takes note of something about a connection, seen from its socket s.
func (n *Network) noteSocket(now int64, kind NoteKind, s *socket) {
	if !n.wanted.Has(kind) {
		return
	}
	n.notes = append(n.notes, Note{At: now, Kind: kind, From: s.host, To: s.remoteHost, Source: s.local, Destination: s.remote})
}
