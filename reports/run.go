package reports

import (
	"context"
	"fmt"
	"html/template"
	"path/filepath"
	"strings"
	"time"

	"muster/checker"
	"muster/model"
	"muster/model/run"
	"muster/reports/plots"
)

// WriteRun writes a run's page, report.html, and its pictures by themselves, plots/*.svg, into the run folder. Of the folder's
// files only run.json must exist; what others would have shown is said to be missing.
func WriteRun(ctx context.Context, folder run.Folder) error {
	s, err := readStory(ctx, folder)
	if err != nil {
		return err
	}
	shown, err := s.page()
	if err != nil {
		return err
	}
	for _, picture := range shown.Pictures {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := folder.WriteFile(filepath.Join(run.PlotsFolder, picture.Name+".svg"), picture.SVG); err != nil {
			return fmt.Errorf("writing picture %s: %w", picture.Name, err)
		}
	}
	text, err := page("run.html", shown)
	if err != nil {
		return err
	}
	if err := folder.WriteFile(run.ReportFile, text); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// runPage is what the template run.html shows.
type runPage struct {
	Run             run.Run
	Headline, Mood  string
	Verdicts        []shownVerdict
	Figures         []pair
	Operations      []shownOperations
	Refusals        shownRefusals
	Pictures        []shownPicture
	Violations      []violation
	Strikes         []shownStrike
	Members, Events []shownEvent
	EventsLeftOut   int
	Identity        []pair
	Options         []pair
	Untold          []string
	Length          time.Duration
}

type pair struct{ Name, Value string }

type shownVerdict struct {
	checker.Verdict
	Evidence []shownEvidence
}

// shownEvidence is a piece of evidence, and the mark in a picture that it links to; Mark is 0 where it has none.
type shownEvidence struct {
	checker.Evidence
	Mark int
	// Where names operation, node and service, as far as they are known.
	Where string
	// Linked is the file, if it lies in the run folder.
	Linked string
}

type shownPicture struct {
	plots.Picture
	Marks []shownMark
}

// shownMark is a line over a picture at the time of a piece of evidence.
type shownMark struct {
	Number int
	Text   string
	Mood   string
	Style  template.CSS
}

type shownStrike struct {
	run.Strike
	Until string
}

func (s *story) page() (runPage, error) {
	p := runPage{
		Run: s.Run, Figures: keyFigures(s.Figures), Operations: operationsOf(s.Figures), Refusals: s.refusals(),
		Length: s.timeline.Lasted, Identity: s.identity(), Options: pairs(s.Run.Options),
	}
	p.Headline, p.Mood = headline(s.Result)
	for _, picture := range s.pictures() {
		p.Pictures = append(p.Pictures, shownPicture{Picture: picture})
	}
	s.showVerdicts(&p)
	for i, strike := range s.plan.Strikes {
		p.Strikes = append(p.Strikes, shownStrike{strike, s.untilOf(i)})
	}
	p.Members, p.Events, p.EventsLeftOut = s.tables()
	var err error
	p.Violations, err = s.violations()
	p.Untold = s.untold
	return p, err
}

// showVerdicts puts a mark for every piece of evidence that has a time into the picture that shows its property best.
func (s *story) showVerdicts(p *runPage) {
	number := 0
	for _, v := range s.Verdicts {
		shown := shownVerdict{Verdict: v}
		for _, e := range v.Evidence {
			one := shownEvidence{Evidence: e, Where: where(e)}
			if e.File != "" && filepath.IsLocal(e.File) {
				one.Linked = filepath.ToSlash(e.File)
			}
			if picture := p.picture(pictureOf(v.Property)); picture != nil && e.T > 0 {
				number++
				one.Mark = number
				picture.Marks = append(picture.Marks, shownMark{
					Number: number, Mood: mood(v), Text: fmt.Sprintf("%s at %s: %s", v.Property, moment(e.T), e.Text),
					Style: template.CSS(fmt.Sprintf("left:%.3f%%", 100*s.timeline.Fraction(e.T))),
				})
			}
			shown.Evidence = append(shown.Evidence, one)
		}
		p.Verdicts = append(p.Verdicts, shown)
	}
}

// pictureOf names the picture that shows best what a property is about.
func pictureOf(property checker.Property) string {
	switch property {
	case checker.Converged, checker.NoLoss, checker.Kept, checker.NoGhost, checker.Expiry, checker.Probed:
		return "views"
	}
	return "latency"
}

// picture by name; the first if there is none of that name, nil if there is none at all.
func (p *runPage) picture(name string) *shownPicture {
	for i := range p.Pictures {
		if p.Pictures[i].Name == name {
			return &p.Pictures[i]
		}
	}
	if len(p.Pictures) > 0 {
		return &p.Pictures[0]
	}
	return nil
}

func where(e checker.Evidence) string {
	var parts []string
	if e.Client != "" {
		operation := "client " + e.Client
		if e.Op != 0 {
			operation += fmt.Sprintf(", operation %d", e.Op)
		}
		parts = append(parts, operation)
	}
	if e.Node != "" {
		parts = append(parts, "node "+e.Node)
	}
	if e.Service != nil && *e.Service != (model.Service{}) {
		parts = append(parts, e.Service.String())
	}
	return strings.Join(parts, " · ")
}

// untilOf says when the i-th strike was over.
func (s *story) untilOf(i int) string {
	strike := s.plan.Strikes[i]
	if strike.Ends() || strike.Skipped != "" {
		return ""
	}
	until := endOf(s.plan, i, s.timeline.Lasted)
	if until >= s.timeline.Lasted {
		return "the end"
	}
	return moment(until)
}

// identity is what makes the run this run.
func (s *story) identity() []pair {
	r := s.Run
	all := []pair{{"scenario", r.Scenario}, {"seed", fmt.Sprint(r.Seed)}, {"stage", r.Stage}, {"profile", r.Profile}}
	if r.Protocol != "" {
		all = append(all, pair{"protocol of the clients", r.Protocol})
	}
	if !r.Began.IsZero() {
		all = append(all, pair{"began", r.Began.UTC().Format(time.RFC3339)})
	}
	all = append(all, pair{"lasted", seconds(s.timeline.Lasted)})
	if r.TraceHash != "" {
		all = append(all, pair{"trace hash", fmt.Sprintf("%s (%d records)", r.TraceHash, r.TraceRecords)})
	}
	for _, g := range r.Guests {
		all = append(all, pair{"guest " + g.Name, fmt.Sprintf("%s (%d kB)", g.SHA256, (g.Size+999)/1000)})
	}
	for _, m := range r.Machines {
		all = append(all, pair{m.Role + " " + m.Name, m.Address})
	}
	for _, version := range pairs(r.Versions) {
		all = append(all, pair{"version of " + version.Name, version.Value})
	}
	if r.Cost.CPU > 0 {
		all = append(all, pair{"cost", fmt.Sprintf("%s of processor time, %s by the clock", seconds(r.Cost.CPU), seconds(r.Cost.Wall))})
	}
	return all
}

// pairs of a map, by name.
func pairs(m map[string]string) []pair {
	var all []pair
	for _, name := range sortedKeys(m, nil) {
		all = append(all, pair{name, m[name]})
	}
	return all
}
