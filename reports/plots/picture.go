package plots

import (
	"bytes"
	"fmt"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Picture is one drawn picture.
type Picture struct {
	// Name is a file name without its ending: "latency".
	Name string
	// Title and Caption say what it shows and how to read it.
	Title   string
	Caption string
	// Series names what is drawn, panel by panel, in the order of the legends: "persistent writes: ok".
	Series []string
	// SVG is the picture by itself: a document in light colours.
	SVG []byte
}

// Inline is the picture for an HTML page: as wide as its place, in the page's theme and font, and with a text for those who
// cannot see it.
func (p Picture) Inline() string {
	_, svg, _ := strings.Cut(string(p.SVG), "<svg ")
	opening, rest, _ := strings.Cut(svg, ">")
	_, box, _ := strings.Cut(opening, `viewBox="`)
	box, _, _ = strings.Cut(box, `"`)
	return fmt.Sprintf(`<svg role="img" aria-label="%s" viewBox="%s">%s`, escapeAttribute.Replace(p.Title), box, themed(rest))
}

var escapeAttribute = strings.NewReplacer("&", "&amp;", `"`, "&quot;", "<", "&lt;", ">", "&gt;")

// Sizes of all pictures, in points. A picture is width wide; its data stand between marginLeft and width - marginRight.
const (
	width       vg.Length = 960
	marginLeft  vg.Length = 66
	marginRight vg.Length = 16
	titleHeight vg.Length = 19
	axisHeight  vg.Length = 30
	textSize    vg.Length = 10.5
)

// entry is one line of a legend.
type entry struct {
	label string
	hue   hue
	mark  mark
}

// panel is one plot of a picture; the panels of a picture stand below each other over one horizontal axis.
type panel struct {
	title  string
	legend []entry
	height vg.Length
	// left is the left margin, the same in all panels of a picture.
	left vg.Length
	plot *plot.Plot
	// notes are asked after drawing for what the reader should know: points left out.
	notes []func() string
}

// newPanel makes a panel whose horizontal axis runs from xmin to xmax.
func newPanel(title string, height vg.Length, xmin, xmax float64) *panel {
	p := plot.New()
	p.BackgroundColor = nil
	p.X.Min, p.X.Max = xmin, xmax
	p.X.Padding, p.Y.Padding = 0, 0
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Label.TextStyle = style(faint)
		tick := style(faint)
		tick.XAlign, tick.YAlign = axis.Tick.Label.XAlign, axis.Tick.Label.YAlign
		axis.Tick.Label = tick
		axis.Tick.LineStyle.Width = 0
		axis.Tick.Length = 4
		axis.LineStyle = draw.LineStyle{Color: rule.solid(), Width: 0.8}
	}
	p.Y.LineStyle.Width = 0
	return &panel{title: title, height: height, left: marginLeft, plot: p}
}

func (p *panel) add(plotters ...plot.Plotter) {
	p.plot.Add(plotters...)
	for _, one := range plotters {
		if noted, ok := one.(interface{ note() string }); ok {
			p.notes = append(p.notes, noted.note)
		}
	}
}

// widthOf a text, with room to spare: browsers may draw it in a wider font than the one that is measured.
func widthOf(label string) vg.Length { return 1.12 * style(ink).Width(label) }

func style(h hue) text.Style {
	return text.Style{
		Color:   h.solid(),
		Font:    font.Font{Typeface: "Liberation", Variant: "Sans", Size: textSize},
		Handler: plot.DefaultTextHandler,
	}
}

// render draws panels below each other. The header, if any, is drawn first: it takes its height and draws itself above them.
func render(name, title, caption string, header *faultLabels, panels ...*panel) Picture {
	picture := Picture{Name: name, Title: title, Caption: caption}
	height := axisHeight
	if header != nil {
		height += header.height()
	}
	for _, p := range panels {
		height += titleHeight + p.height
	}
	svg := vgsvg.New(width, height)
	whole := draw.New(svg)
	whole.SetColor(paper.solid())
	whole.Fill(whole.Rectangle.Path())

	top := whole.Max.Y
	if header != nil {
		header.draw(whole, top)
		top -= header.height()
	}
	for i, p := range panels {
		bottom := top - titleHeight - p.height
		if i == len(panels)-1 {
			bottom -= axisHeight
		} else {
			p.plot.X.Tick.Marker = plot.ConstantTicks{}
			p.plot.X.Label.Text = ""
		}
		p.draw(whole, bottom, top-titleHeight)
		p.drawTitle(whole, top-titleHeight)
		top = bottom
		for _, e := range p.legend {
			picture.Series = append(picture.Series, strings.TrimPrefix(p.title+": "+e.label, ": "))
		}
	}
	var out bytes.Buffer
	if _, err := svg.WriteTo(&out); err != nil {
		panic(fmt.Sprintf("plots: a buffer refused %s: %v", name, err)) // a bytes.Buffer never does
	}
	// The pictures carry no font; name substitutes of the same widths.
	picture.SVG = bytes.ReplaceAll(out.Bytes(), []byte("font-family:Liberation Sans;font-variant:normal;font-weight:normal;font-style:normal"),
		[]byte("font-family:'Liberation Sans',Arial,Helvetica,sans-serif"))
	return picture
}

// draw fits the plot's data between the margins that all panels share: gonum leaves room for labels plot by plot, so what it
// would take is measured and given to it on top.
func (p *panel) draw(whole draw.Canvas, bottom, top vg.Length) {
	c := whole
	c.Min.Y, c.Max.Y = bottom, top
	for range 4 {
		data := p.plot.DataCanvas(c)
		c.Min.X += p.left - data.Min.X
		c.Max.X += (width - marginRight) - data.Max.X
	}
	p.plot.Draw(c)
}

func (p *panel) drawTitle(whole draw.Canvas, bottom vg.Length) {
	title := style(ink)
	title.YAlign = draw.YBottom
	baseline := bottom + 4
	at := p.left
	if p.title != "" {
		whole.FillText(title, vg.Point{X: at, Y: baseline}, p.title)
		at += widthOf(p.title) + 14
	}
	label := style(faint)
	label.YAlign = draw.YBottom
	for _, e := range p.legend {
		e.mark.draw(&whole, e.hue, vg.Point{X: at + 4, Y: baseline + 4})
		whole.FillText(label, vg.Point{X: at + 12, Y: baseline}, e.label)
		at += 12 + widthOf(e.label) + 12
	}
	var notes []string
	for _, note := range p.notes {
		if said := note(); said != "" {
			notes = append(notes, said)
		}
	}
	if len(notes) > 0 {
		label.XAlign = draw.XRight
		whole.FillText(label, vg.Point{X: width - marginRight, Y: baseline}, strings.Join(notes, "; "))
	}
}
