package restructure

// structured writes the new body of a function: its nodes, nested by dominance. A node stands inside the blocks at whose ends the merges
// that it dominates stand, and inside a loop if one begins with it; so every jump is a br outwards, or nothing at all.
func (f *flow) structured() []byte {
	s := f.shape
	w := &writer{flow: f, out: append(make([]byte, 0, len(s.body)), s.body[:s.prologue]...)}
	if s.unwinds {
		w.open(opBlock, label{kind: unwindLabel})
	}
	w.open(opBlock, label{kind: trapLabel})
	w.tree(f.root)
	w.close()
	w.out = append(w.out, opUnreachable)
	if s.unwinds {
		w.close()
		w.out = append(w.out, opI32Const, 1)
	}
	return append(w.out, opEnd)
}

type writer struct {
	*flow
	out    []byte
	labels []label // of the blocks that are open, the outermost first
}

type label struct {
	kind labelKind
	node int
}

type labelKind uint8

const (
	ownLabel    labelKind = iota // a block of a piece's own
	unwindLabel                  // at whose end the function says that it unwinds
	trapLabel                    // at whose end is unreachable
	mergeLabel                   // at whose end the node stands
	loopLabel                    // that begins with the node
)

func (w *writer) open(opcode byte, l label) {
	w.out = append(w.out, opcode, typeEmpty)
	w.labels = append(w.labels, l)
}

func (w *writer) close() {
	w.out = append(w.out, opEnd)
	w.labels = w.labels[:len(w.labels)-1]
}

// depth is how many blocks a branch to a label leaves. The label is among them: dominance says so.
func (w *writer) depth(to label) int {
	depth := 0
	for w.labels[len(w.labels)-1-depth] != to {
		depth++
	}
	return depth
}

func (w *writer) branch(opcode byte, to label) {
	w.out = appendU32(append(w.out, opcode), w.depth(to))
}

// tree writes a node and all that it dominates.
func (w *writer) tree(node int) {
	if w.header[node] {
		w.open(opLoop, label{loopLabel, node})
	}
	for _, merge := range w.merges[node] {
		w.open(opBlock, label{mergeLabel, merge})
	}
	if pieces := len(w.shape.pieces); node < pieces {
		w.piece(node)
	} else {
		w.dispatch(node, w.dispatches[node-pieces])
	}
	for i := len(w.merges[node]) - 1; i >= 0; i-- {
		w.close()
		w.tree(w.merges[node][i])
	}
	if w.header[node] {
		w.close()
	}
}

// labelOf is the label by which a node reaches another; false if that one just follows.
func (w *writer) labelOf(from, to int) (label, bool) {
	switch {
	case w.backward(from, to):
		return label{loopLabel, to}, true
	case w.merge[to]:
		return label{mergeLabel, to}, true
	}
	return label{}, false
}

// jump goes from a piece to another.
func (w *writer) jump(from, to int) {
	node, pcB := w.route(from, to)
	if pcB > 0 {
		w.out = append(appendSigned(append(w.out, opI32Const), int64(pcB)), opLocalSet, 0)
	}
	if l, ok := w.labelOf(from, node); ok {
		w.branch(opBr, l)
	} else {
		w.tree(node)
	}
}

func (w *writer) piece(r int) {
	if w.resets[r] {
		w.out = append(w.out, opI32Const, 0, opLocalSet, 0)
	}
	p := w.shape.pieces[r]
	steps := p.steps[:p.live]
	for i := 0; i < len(steps); i++ {
		switch s := steps[i]; s.kind {
		case open:
			if w.conditionalJump(r, steps[i:]) {
				i += 2
				continue
			}
			w.out = append(w.out, w.shape.body[s.start:s.end]...)
			w.labels = append(w.labels, label{})
		case closing:
			w.close()
		case jump:
			w.jump(r, s.target)
		case unwind:
			w.branch(s.opcode, label{kind: unwindLabel})
			if s.final {
				w.branch(opBr, label{kind: trapLabel})
			}
		default:
			w.out = append(w.out, w.shape.body[s.start:s.end]...)
		}
	}
	switch {
	case !p.falls:
	case r+1 < len(w.shape.pieces):
		w.jump(r, r+1)
	default:
		w.out = append(w.out, opUnreachable)
	}
}

// conditionalJump writes a br_if for "if jump end". It reports false if the steps begin with anything else.
func (w *writer) conditionalJump(from int, steps []step) bool {
	if len(steps) < 3 || steps[0].opcode != opIf || steps[1].kind != jump || steps[2].kind != closing {
		return false
	}
	node, pcB := w.route(from, steps[1].target)
	if pcB > 0 {
		return false
	}
	l, _ := w.labelOf(from, node) // there always is one from the middle of a piece
	w.branch(opBrIf, l)
	return true
}

// dispatch leads on by PC_B. Fresh calls, and loops that go around, pass by the first comparison.
func (w *writer) dispatch(node int, d dispatch) {
	fresh, _ := w.labelOf(node, d.fresh)
	otherwise := fresh
	if d.traps {
		otherwise = label{kind: trapLabel}
	}
	w.out = append(w.out, opLocalGet, 0, opI32Eqz)
	w.branch(opBrIf, fresh)

	var labels []label // from PC_B low on
	low := 0
	for pcB, r := range w.shape.entries {
		if next, ok := d.to[r]; ok && pcB > 0 {
			if labels == nil {
				low = pcB
			}
			for low+len(labels) < pcB {
				labels = append(labels, otherwise)
			}
			l, _ := w.labelOf(node, next)
			labels = append(labels, l)
		}
	}
	w.out = append(w.out, opLocalGet, 0)
	if low > 0 {
		w.out = append(appendSigned(append(w.out, opI32Const), int64(low)), opI32Sub)
	}
	w.out = appendU32(append(w.out, opBrTable), len(labels))
	for _, l := range append(labels, otherwise) {
		w.out = appendU32(w.out, w.depth(l))
	}
}
