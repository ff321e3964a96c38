package checker

import (
	"cmp"
	"context"
	"log/slog"
	"runtime/debug"
)

// All checkers, in the order of Properties.
func All() []Checker {
	return []Checker{
		newLinearizable(), newLocalReads(), durability{}, convergence{}, loss{}, kept{}, ghost{}, expiry{}, probed{}, exercised{},
	}
}

// Judge has the checkers of the expected properties judge a run, in the order of Properties. Zero bounds mean the defaults. A
// property that no checker knows is Undecided.
func Judge(ctx context.Context, in Input, expected map[Property]Outcome) []Verdict {
	in.Bounds = in.Bounds.OrDefaults()
	var verdicts []Verdict
	known := map[Property]bool{}
	for _, checker := range All() {
		known[checker.Property()] = true
		outcome, named := expected[checker.Property()]
		if !named {
			continue
		}
		verdict := check(ctx, checker, in)
		verdict.Expected = outcome
		verdicts = append(verdicts, verdict)
	}
	for _, property := range sortedKeys(expected, cmp.Compare[Property]) {
		if !known[property] {
			verdict := Verdict{Property: property, Expected: expected[property]}
			verdicts = append(verdicts, verdict.undecided("no checker judges this property: this build knows %v", Properties))
		}
	}
	return verdicts
}

// check runs one checker. One that panics must not take the other verdicts with it, nor pass for a judgement.
func check(ctx context.Context, checker Checker, in Input) (verdict Verdict) {
	defer func() {
		if reason := recover(); reason != nil {
			slog.ErrorContext(ctx, "a checker failed", "property", checker.Property(), "reason", reason, "stack", string(debug.Stack()))
			verdict = Verdict{Property: checker.Property()}.undecided("the checker itself failed: %v", reason)
		}
	}()
	return checker.Check(ctx, in)
}
