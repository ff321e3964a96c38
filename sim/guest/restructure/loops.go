package restructure

// loops is how the loops of a control flow are nested. A loop goes by the name of its header, the piece where it begins.
type loops struct {
	around []int // piece -> the innermost loop that it is in, for a header its own; none
	outer  []int // loop -> the next one around it; none
}

const none = -1

// findLoops finds the loops after B. Steensgaard, "Sequentializing Program Dependence Graphs for Irreducible Programs" (1993): the
// strongly connected components of the flow; in each of them, without the ways to its header, the same again. A loop may be entered
// elsewhere than at its header, which is piece 0 or else the first of its pieces in the order of the flow.
func (f *flow) findLoops() loops {
	n := len(f.successors)
	l := loops{around: make([]int, n), outer: make([]int, n)}
	for i := range n {
		l.around[i], l.outer[i] = none, none
	}
	l.search(f, f.order, none)
	return l
}

// search finds the loops among the pieces of a loop.
func (l loops) search(f *flow, pieces []int, within int) {
	for _, component := range f.components(pieces, l, within) {
		header := component[0]
		for _, node := range component {
			// Piece 0 goes by PC_B 0, which is how dispatches know a header.
			if node == 0 || header != 0 && f.position[node] < f.position[header] {
				header = node
			}
		}
		for _, node := range component {
			l.around[node] = header
		}
		l.outer[header] = within
		l.search(f, component, header)
	}
}

// components are the strongly connected components of those nodes, which are all in the loop within, if its header is left out; only
// those components that are loops. R. Tarjan, "Depth-First Search and Linear Graph Algorithms" (1972).
func (f *flow) components(nodes []int, l loops, within int) [][]int {
	index := make(map[int]int, len(nodes)) // node -> when it was found, from 1
	low := make(map[int]int, len(nodes))
	open := make(map[int]bool, len(nodes))
	var stack []int
	var components [][]int
	var visit func(node int)
	visit = func(node int) {
		index[node] = len(index) + 1
		low[node] = index[node]
		at := len(stack)
		stack, open[node] = append(stack, node), true
		again := false // it leads to itself
		for _, e := range f.successors[node] {
			switch {
			case e.to == within || l.around[e.to] != within:
				continue // not in question
			case index[e.to] == 0:
				visit(e.to)
				low[node] = min(low[node], low[e.to])
			case open[e.to]:
				low[node] = min(low[node], index[e.to])
			}
			again = again || e.to == node
		}
		if low[node] != index[node] {
			return
		}
		component := append([]int(nil), stack[at:]...)
		stack = stack[:at]
		for _, member := range component {
			open[member] = false
		}
		if len(component) > 1 || again {
			components = append(components, component)
		}
	}
	for _, node := range nodes {
		if node != within && index[node] == 0 {
			visit(node)
		}
	}
	return components
}

// contains reports whether a piece is in a loop.
func (l loops) contains(loop, piece int) bool {
	for at := l.around[piece]; at != none; at = l.outer[at] {
		if at == loop {
			return true
		}
	}
	return false
}

// entered is the outermost loop that is entered by going from one piece to another; none if that enters no loop.
func (l loops) entered(from, to int) int {
	outermost := none
	for loop := l.around[to]; loop != none && !l.contains(loop, from); loop = l.outer[loop] {
		outermost = loop
	}
	return outermost
}
