package restructure

// dispatch is a node that leads on by PC_B: to the piece where the function is entered, or to another dispatch, in a loop further in.
type dispatch struct {
	fresh int         // the node for PC_B 0
	to    map[int]int // where the function is entered -> the next node
	traps bool        // any other PC_B is a mistake; else it leads to fresh
}

// graph is the control flow from piece to piece. A root leads to the beginning, and to those ways in that are not reached from there.
func (s *shape) graph() *graph {
	n := len(s.pieces)
	g := &graph{shape: s, root: n, successors: make([][]edge, n+1)}
	for r := range s.pieces {
		g.successors[r] = s.jumps(r)
	}
	reached := make([]bool, n)
	enter := func(r int) {
		g.successors[g.root] = append(g.successors[g.root], edge{to: r})
		for left := []int{r}; len(left) > 0; {
			node := left[len(left)-1]
			left = left[:len(left)-1]
			if !reached[node] {
				reached[node] = true
				for _, e := range g.successors[node] {
					left = append(left, e.to)
				}
			}
		}
	}
	for r := range s.pieces {
		if s.wayIn(r) && !reached[r] {
			enter(r)
		}
	}
	return g
}

// withDispatches is the flow's graph with all ways in: by a dispatch at the beginning, and by one before the header of each loop that is
// entered anywhere else, be it when a goroutine goes on or by a jump from outside of the loop. Whatever leads to such a header leads to
// its dispatch. So no loop is left that has two beginnings.
func (f *flow) withDispatches() *graph {
	s := f.shape
	pieces := len(s.pieces)
	g := &graph{shape: s, loops: f.findLoops(), before: make([]int, pieces), resets: make([]bool, pieces)}
	ways := 0
	entered := make([]bool, pieces) // a way in, or in the middle of a loop and reached from outside of it
	for r := range pieces {
		g.before[r] = r
		if s.wayIn(r) {
			entered[r] = true
			ways++
		}
		if f.position[r] >= 0 {
			for _, e := range f.successors[r] {
				if loop := g.loops.entered(r, e.to); loop != none && loop != e.to {
					entered[e.to] = true
				}
			}
		}
	}

	add := func(d dispatch) int {
		d.to = map[int]int{}
		g.dispatches = append(g.dispatches, d)
		return pieces + len(g.dispatches) - 1
	}
	for r := range pieces {
		if entered[r] {
			for loop := g.loops.around[r]; loop != none; loop = g.loops.outer[loop] {
				if loop != r && g.before[loop] == loop {
					g.before[loop] = add(dispatch{fresh: loop})
				}
			}
		}
	}
	anyLoop := len(g.dispatches) > 0
	g.root = g.before[0]
	if ways > 1 {
		g.root = add(dispatch{traps: true})
	}

	g.successors = make([][]edge, pieces+len(g.dispatches))
	for r := range pieces {
		if f.position[r] < 0 {
			continue
		}
		for _, e := range f.successors[r] {
			to, _ := g.route(r, e.to)
			g.successors[r] = append(g.successors[r], edge{to, e.last})
		}
	}
	lead := func(node, r, next int) {
		g.dispatches[node-pieces].to[r] = next
		g.successors[node] = append(g.successors[node], edge{to: next})
	}
	for r := range pieces {
		if !entered[r] {
			continue
		}
		g.resets[r] = anyLoop
		next := r
		for loop := g.loops.around[r]; loop != none; loop = g.loops.outer[loop] {
			if node := g.before[loop]; node != loop {
				lead(node, r, next)
				next = node
			}
		}
		if ways > 1 && s.wayIn(r) {
			lead(g.root, r, next)
		}
	}
	for i := range g.dispatches {
		d := &g.dispatches[i]
		if d.traps {
			d.fresh = d.to[0]
		} else {
			g.successors[pieces+i] = append(g.successors[pieces+i], edge{to: d.fresh})
		}
	}
	return g
}

// route is how a piece reaches another: the node to go to, and the PC_B to set before that; 0 if it need not be set.
func (g *graph) route(from, to int) (node, pcB int) {
	loop := g.loops.entered(from, to)
	if loop == none || loop == to {
		return g.before[to], 0
	}
	return g.before[loop], g.shape.firstPCB[to]
}
