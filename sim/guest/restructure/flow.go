package restructure

// graph is the control flow of a function. Its first nodes are the function's pieces; dispatches may follow.
type graph struct {
	shape      *shape
	successors [][]edge
	root       int

	// With dispatches (withDispatches) only:
	loops      loops
	dispatches []dispatch // nodes len(shape.pieces), …
	before     []int      // piece -> the dispatch that stands before it, where jumps to it lead; the piece itself if there is none
	resets     []bool     // pieces that set PC_B to 0, so that dispatches passed later lead on as in a fresh call
}

// edge is a way out of a node.
type edge struct {
	to   int
	last bool // it is the last thing that the node does
}

// flow is what can be said of a graph.
type flow struct {
	*graph
	order     []int // the nodes that can be reached, in reverse postorder
	position  []int // node -> its place in order; -1 if it cannot be reached
	dominator []int // node -> the one that immediately dominates it; the root dominates itself

	// header: a loop begins with the node.
	header []bool
	// merge: the node is reached by br, because control comes from several places, or from the middle of another node. All other nodes
	// stand where the one jump to them is.
	merge []bool
	// merges are the merges that a node immediately dominates, the last in order first.
	merges [][]int
}

func analyse(s *shape) *flow {
	g := newFlow(s.graph()).withDispatches()
	f := newFlow(g)
	f.findDominators()
	f.classify()
	return f
}

func newFlow(g *graph) *flow {
	f := &flow{graph: g, position: make([]int, len(g.successors))}
	f.sort()
	return f
}

// jumps are the ways from piece to piece.
func (s *shape) jumps(r int) []edge {
	var edges []edge
	p := s.pieces[r]
	for i, step := range p.steps[:p.live] {
		if step.kind == jump {
			edges = append(edges, edge{step.target, !p.falls && i == p.live-1})
		}
	}
	if p.falls && r+1 < len(s.pieces) {
		edges = append(edges, edge{r + 1, true})
	}
	return edges
}

// sort finds the order by a depth-first search.
func (f *flow) sort() {
	const seen, unseen = -2, -1
	for i := range f.position {
		f.position[i] = unseen
	}
	var postorder []int
	type visit struct{ node, left int }
	stack := []visit{{f.root, len(f.successors[f.root])}}
	f.position[f.root] = seen
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		if top.left == 0 {
			postorder = append(postorder, top.node)
			stack = stack[:len(stack)-1]
			continue
		}
		// The last successor first, so that the first comes first in reverse postorder.
		top.left--
		to := f.successors[top.node][top.left].to
		if f.position[to] == unseen {
			f.position[to] = seen
			stack = append(stack, visit{to, len(f.successors[to])})
		}
	}
	for i := len(postorder) - 1; i >= 0; i-- {
		f.position[postorder[i]] = len(f.order)
		f.order = append(f.order, postorder[i])
	}
}

// findDominators: K. Cooper, T. Harvey, K. Kennedy, "A Simple, Fast Dominance Algorithm" (2001).
func (f *flow) findDominators() {
	predecessors := make([][]int, len(f.successors))
	for _, node := range f.order {
		for _, e := range f.successors[node] {
			predecessors[e.to] = append(predecessors[e.to], node)
		}
	}
	f.dominator = make([]int, len(f.successors))
	for i := range f.dominator {
		f.dominator[i] = none
	}
	f.dominator[f.root] = f.root
	for changed := true; changed; {
		changed = false
		for _, node := range f.order[1:] {
			found := -1
			for _, p := range predecessors[node] {
				if f.dominator[p] < 0 {
					continue
				}
				if found < 0 {
					found = p
				}
				for p != found {
					for f.position[p] > f.position[found] {
						p = f.dominator[p]
					}
					for f.position[found] > f.position[p] {
						found = f.dominator[found]
					}
				}
			}
			if found != f.dominator[node] {
				f.dominator[node], changed = found, true
			}
		}
	}
}

// classify finds headers and merges.
func (f *flow) classify() {
	n := len(f.successors)
	f.header, f.merge, f.merges = make([]bool, n), make([]bool, n), make([][]int, n)
	forward := make([]int, n)
	for _, node := range f.order {
		for _, e := range f.successors[node] {
			if f.backward(node, e.to) {
				f.header[e.to] = true
				continue
			}
			if forward[e.to]++; forward[e.to] > 1 || !e.last {
				f.merge[e.to] = true
			}
		}
	}
	for i := len(f.order) - 1; i > 0; i-- {
		if node := f.order[i]; f.merge[node] {
			by := f.dominator[node]
			f.merges[by] = append(f.merges[by], node)
		}
	}
}

func (f *flow) backward(from, to int) bool { return f.position[to] <= f.position[from] }
