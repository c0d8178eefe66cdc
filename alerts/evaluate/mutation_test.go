//go:build !race

// The race detector would make this take minutes.

package evaluate

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
)

// mutant is a rule with one change.
type mutant struct {
	rule *Rule
	what string
}

// TestEveryMutantIsCaught changes each threshold, comparison, window and for of the built-in
// rules, one at a time. The tests of the alert must notice it.
func TestEveryMutantIsCaught(t *testing.T) {
	for name, f := range testFiles(t) {
		rules := of(rulesOf(t, f.RuleFiles...), name)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for i, r := range rules {
				for _, m := range mutantsOf(t, r) {
					mutated := slices.Clone(rules)
					mutated[i] = m.rule
					if !slices.ContainsFunc(f.Tests, func(g testGroup) bool { return g.mismatch(mutated) != "" }) {
						t.Errorf("no test of %s (%s) catches: %s", name, r.Labels["kind"], m.what)
					}
				}
			}
		})
	}
}

func mutantsOf(t *testing.T, r *Rule) (all []mutant) {
	t.Helper()
	with := func(what string, change func(*Rule)) {
		c := *r
		change(&c)
		all = append(all, mutant{&c, what})
	}
	if r.For > 0 {
		with("no for", func(r *Rule) { r.For = 0 })
		with("half the for", func(r *Rule) { r.For /= 2 })
		with("twice the for", func(r *Rule) { r.For *= 2 })
	}
	if r.KeepFiringFor > 0 {
		with("no keep_firing_for", func(r *Rule) { r.KeepFiringFor = 0 })
	}
	for _, changed := range mutatedExprs(t, r.Expr) {
		c := *r
		c.Expr = changed
		selectors, err := selectorsOf(changed)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range r.selectors {
			if s.ofTemplate {
				selectors = append(selectors, s)
			}
		}
		c.selectors = selectors
		all = append(all, mutant{&c, strings.Join(strings.Fields(changed), " ")})
	}
	return all
}

// comparisons are what each operator is changed into.
var comparisons = map[parser.ItemType][]parser.ItemType{
	parser.GTR: {parser.GTE, parser.LSS}, parser.GTE: {parser.GTR, parser.LSS}, parser.LSS: {parser.LTE, parser.GTR},
	parser.LTE: {parser.LSS, parser.GTR}, parser.EQLC: {parser.NEQ}, parser.NEQ: {parser.EQLC},
}

// mutatedExprs returns an expression with each number, comparison, window and offset
// changed, one at a time.
func mutatedExprs(t *testing.T, text string) (all []string) {
	t.Helper()
	// Each mutant is made from a tree of its own: change does the n-th thing that can be
	// changed, and says whether there was one.
	for n := 0; ; n++ {
		tree, err := exprs.ParseExpr(text)
		if err != nil {
			t.Fatal(err)
		}
		if !change(tree, n) {
			return all
		}
		all = append(all, tree.String())
	}
}

func change(tree parser.Expr, n int) bool {
	done := false
	turn := func(f func()) {
		if n == 0 && !done {
			f()
			done = true
		}
		n--
	}
	parser.Inspect(tree, func(node parser.Node, path []parser.Node) error {
		switch x := node.(type) {
		case *parser.BinaryExpr:
			for _, op := range comparisons[x.Op] {
				// Of what is hardly ever a whole number nobody can tell > from >=.
				if (op == parser.GTE || op == parser.LTE || x.Op == parser.GTE || x.Op == parser.LTE && op == parser.LSS) && hardlyWhole.MatchString(x.LHS.String()) {
					continue
				}
				turn(func() { x.Op = op })
			}
		case *parser.MatrixSelector:
			turn(func() { x.Range /= 2 })
			turn(func() { x.Range *= 2 })
		case *parser.SubqueryExpr:
			turn(func() { x.Range /= 2 })
			turn(func() { x.Range *= 2 })
		case *parser.VectorSelector:
			if x.OriginalOffset > 0 {
				turn(func() { x.OriginalOffset /= 2 })
				turn(func() { x.OriginalOffset *= 2 })
			}
		case *parser.NumberLiteral:
			if !slices.ContainsFunc(path, func(above parser.Node) bool { _, ok := above.(*parser.BinaryExpr); return ok }) {
				return nil // no threshold
			}
			v := x.Val
			for _, other := range numbersNear(v) {
				turn(func() { x.Val = other })
			}
		}
		return nil
	})
	return done
}

// hardlyWhole are times, and growths, which are extrapolated.
var hardlyWhole = regexp.MustCompile(`^(time\(\) - |.*\b(increase|delta)\()`)

func numbersNear(v float64) []float64 {
	switch {
	case v == 0:
		return []float64{2, -1} // a growth by 1 is extrapolated to a little more
	case v < 1:
		return []float64{v * 2, v / 2}
	case v < 20:
		return []float64{v + 1, v - 1}
	}
	return []float64{v * 2, v / 2}
}
