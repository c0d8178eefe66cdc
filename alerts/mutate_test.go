//go:build cluster

package alerts_test

import (
	"fmt"
	"regexp"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
)

// mutation is the n-th change that can be made to an expression.
type mutation struct {
	n    int
	what string // "" while it is not made
	// seen counts what looks the same, so that each has a name.
	seen map[string]int
}

// turn makes a change, if it is the one. A change is named by what stood there.
func (m *mutation) turn(was string, becomes any, change func()) {
	if m.n == 0 && m.what == "" {
		m.what = fmt.Sprintf("%s becomes %v", was, becomes)
		change()
	}
	m.n--
}

// comparisons are what each comparison is changed into.
var comparisons = map[parser.ItemType][]parser.ItemType{
	parser.GTR: {parser.GTE, parser.LSS}, parser.GTE: {parser.GTR, parser.LSS},
	parser.LSS: {parser.LTE, parser.GTR}, parser.LTE: {parser.LSS, parser.GTR},
	parser.EQLC: {parser.NEQ}, parser.NEQ: {parser.EQLC},
}

// visit looks at one node.
func (m *mutation) visit(node parser.Node, path []parser.Node) {
	switch n := node.(type) {
	case *parser.BinaryExpr:
		if changed, ok := comparisons[n.Op]; ok {
			was := m.named(fmt.Sprintf("%s %s", n.Op, brief(n.RHS)))
			for _, op := range changed {
				m.turn(was, op, func() { n.Op = op })
			}
		}
	case *parser.NumberLiteral:
		above, ok := path[len(path)-1].(*parser.BinaryExpr)
		if !ok {
			return // an argument
		}
		was := m.named(fmt.Sprintf("%s %v", above.Op, n.Val))
		for _, near := range near(n.Val, extrapolated.MatchString(above.LHS.String())) {
			m.turn(was, near, func() { n.Val = near })
		}
	case *parser.MatrixSelector:
		m.windows("["+model.Duration(n.Range).String()+"]", &n.Range)
	case *parser.SubqueryExpr:
		was := fmt.Sprintf("[%s:%s]", model.Duration(n.Range), model.Duration(n.Step))
		m.windows(was, &n.Range)
		m.windows(was+"'s step", &n.Step)
	case *parser.VectorSelector:
		if n.OriginalOffset != 0 {
			m.windows("offset "+model.Duration(n.OriginalOffset).String(), &n.OriginalOffset)
		}
	}
}

func (m *mutation) windows(was string, window *time.Duration) {
	was = m.named(was)
	for _, factor := range []float64{0.5, 2} {
		becomes := time.Duration(scaled(*window, factor))
		m.turn(was, model.Duration(becomes), func() { *window = becomes })
	}
}

// named tells what looks the same apart.
func (m *mutation) named(what string) string {
	if m.seen == nil {
		m.seen = map[string]int{}
	}
	if m.seen[what]++; m.seen[what] > 1 {
		return fmt.Sprintf("%s (%d)", what, m.seen[what])
	}
	return what
}

// brief is an expression in a few characters.
func brief(e parser.Expr) string {
	text := regexp.MustCompile(`\s+`).ReplaceAllString(e.String(), " ")
	if len(text) > 60 {
		text = text[:60]
	}
	return text
}

// extrapolated are growths within a window: a counter that rose by one yields a little more
// or less than 1.
var extrapolated = regexp.MustCompile(`\b(increase|delta)\(`)

// near returns thresholds near one.
func near(v float64, extrapolated bool) []float64 {
	switch {
	case v == 0 && extrapolated:
		return []float64{2, -1}
	case v < 1 && v > 0:
		return []float64{v * 2, v / 2}
	case v < 20:
		return []float64{v + 1, v - 1}
	}
	return []float64{v * 2, v / 2}
}
