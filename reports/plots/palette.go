package plots

import (
	"fmt"
	"image/color"
	"regexp"
	"strconv"
	"strings"
)

// hue is a colour with a meaning. Pictures are drawn with its light face; on a page, Picture.Inline swaps each light value for
// the CSS variable --plot-<name>, so the light values must differ from each other.
type hue struct{ name, light, dark string }

// The palette. Outcomes and nodes take hues that people with the common kinds of colour blindness can tell apart; outcomes
// differ in shape as well.
var (
	ink    = hue{"ink", "#1F2328", "#E6E8EB"}
	faint  = hue{"faint", "#6B7280", "#9BA3AF"}
	rule   = hue{"rule", "#E3E6EA", "#30363D"}
	paper  = hue{"paper", "#FFFFFE", "#14181D"}
	good   = hue{"good", "#2E7D4F", "#5CBF87"}
	calm   = hue{"calm", "#B4D3C0", "#2C5740"}
	bad    = hue{"bad", "#C62F2D", "#FF7B72"}
	unsure = hue{"unsure", "#B87503", "#E3A93B"}
	quiet  = hue{"quiet", "#C9D2DD", "#3D4856"}
	absent = hue{"absent", "#E7EAEE", "#252B33"}
	gone   = hue{"gone", "#58616D", "#8B95A3"}

	faultNetwork    = hue{"fault-network", "#D9881A", "#D9881B"}
	faultMachine    = hue{"fault-machine", "#64748C", "#8FA1BA"}
	faultClock      = hue{"fault-clock", "#8A4FC4", "#B48AE0"}
	faultDisk       = hue{"fault-disk", "#8C5A2B", "#C99A6B"}
	faultMembership = hue{"fault-membership", "#2B7A8C", "#6BB8C9"}
	faultDefect     = hue{"fault-defect", "#B0305C", "#E27B9F"}
	outage          = hue{"outage", "#5B1230", "#F5B8CC"}

	nodeHues = [MostCurves]hue{
		{"node-1", "#1F6FB5", "#62A8E5"},
		{"node-2", "#D96C10", "#F0954A"},
		{"node-3", "#138A83", "#48C2BA"},
		{"node-4", "#9B3F86", "#D685C4"},
		{"node-5", "#7A6A12", "#C4B14B"},
		{"node-6", "#4B57B8", "#929CF0"},
		{"node-7", "#A3473C", "#E08C81"},
	}
)

// MostCurves is how many curves of one picture can be told apart by their hues.
const MostCurves = 7

func palette() []hue {
	return append([]hue{
		ink, faint, rule, paper, good, calm, bad, unsure, quiet, absent, gone,
		faultNetwork, faultMachine, faultClock, faultDisk, faultMembership, faultDefect, outage,
	}, nodeHues[:]...)
}

// nodeHue is the colour of the i-th node, the same in every picture of a run. With more nodes than hues, hues return.
func nodeHue(i int) hue { return nodeHues[i%len(nodeHues)] }

// solid is the hue's light face as gonum wants it; faded lets what lies beneath shine through.
func (h hue) solid() color.Color { return h.faded(1) }

func (h hue) faded(opacity float64) color.Color {
	rgb := channels(h.light)
	return color.NRGBA{R: rgb[0], G: rgb[1], B: rgb[2], A: uint8(opacity*255 + 0.5)}
}

// channels of a colour written as #RRGGBB.
func channels(value string) [3]uint8 {
	rgb, err := strconv.ParseUint(value[1:], 16, 32)
	if err != nil {
		panic(fmt.Sprintf("palette: %q is no #RRGGBB", value))
	}
	return [3]uint8{uint8(rgb >> 16), uint8(rgb >> 8), uint8(rgb)}
}

// Variables are the palette as CSS custom properties, "--plot-ink:#1F2328;…", for a light or a dark page.
func Variables(dark bool) string {
	var css strings.Builder
	for _, h := range palette() {
		value := h.light
		if dark {
			value = h.dark
		}
		fmt.Fprintf(&css, "--plot-%s:%s;", h.name, value)
	}
	return css.String()
}

var painted = regexp.MustCompile(`(fill|stroke):(#[0-9A-F]{6})`)

// themed makes a picture follow the page's theme.
func themed(svg string) string {
	return painted.ReplaceAllStringFunc(svg, func(paint string) string {
		property, value, _ := strings.Cut(paint, ":")
		for _, h := range palette() {
			if alike(h.light, value) {
				return property + ":var(--plot-" + h.name + ")"
			}
		}
		return paint
	})
}

// alike says whether two colours are the same but for what premultiplying a faded colour by its opacity rounds off.
func alike(one, other string) bool {
	a, b := channels(one), channels(other)
	for i := range a {
		if max(a[i], b[i])-min(a[i], b[i]) > 3 {
			return false
		}
	}
	return true
}
