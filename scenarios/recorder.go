package scenarios

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/google/renameio/v2"

	"muster/model"
	"muster/model/run"
)

// Recorder takes down what happens on a stage: it writes the run folder's growing files, and keeps what the driver needs to
// know to resolve roles. A stage may call it from several goroutines.
type Recorder struct {
	folder run.Folder

	mutex     sync.Mutex
	workloads map[string]bool
	cast      *cast
	history   *lineWriter
	clocks    *lineWriter
	logs      map[string]*lineWriter
	exits     []exit
	// recorded is how many records the history has.
	recorded int
	// failed is the first error in writing; the driver asks for it, since a stage has nothing useful to do with it.
	failed error
}

// exit is a program that ended.
type exit struct {
	t       time.Duration
	machine string
	reason  string
	// orderly: it ended by itself with status 0.
	orderly bool
}

// newRecorder opens the growing files of a folder. The history begins with its header.
func newRecorder(folder run.Folder, header model.Header) (*Recorder, error) {
	r := &Recorder{
		folder:    folder,
		workloads: map[string]bool{},
		cast:      newCast(header.Nodes, seeding{header.Seed, header.Scenario}),
		logs:      map[string]*lineWriter{},
	}
	var err error
	if r.history, err = newLineWriter(folder.Path(run.HistoryFile)); err != nil {
		return nil, err
	}
	if r.clocks, err = newLineWriter(folder.Path(run.ClocksFile)); err != nil {
		return nil, errors.Join(err, r.history.close())
	}
	if err := r.history.write(header); err != nil {
		return nil, errors.Join(err, r.close())
	}
	return r, nil
}

// fork returns a recorder that goes on in another folder, with a copy of what this one has taken down so far, under a header of its own.
func (r *Recorder) fork(folder run.Folder, header model.Header) (*Recorder, error) {
	if err := r.flush(); err != nil {
		return nil, err
	}
	f, err := newRecorder(folder, header)
	if err != nil {
		return nil, err
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	f.workloads, f.cast = maps.Clone(r.workloads), r.cast.clone(seeding{header.Seed, header.Scenario})
	f.exits = slices.Clone(r.exits)
	if err := f.goOn(r.taken(), r.folder); err != nil {
		return nil, errors.Join(err, f.close())
	}
	return f, nil
}

// taken is how much a recorder has taken down: the lines of its files, the history's header included.
type taken struct {
	History int            `json:"history"`
	Clocks  int            `json:"clocks"`
	Logs    map[string]int `json:"logs"`
}

// taken counts the lines. The mutex is held.
func (r *Recorder) taken() taken {
	t := taken{History: r.history.lines, Clocks: r.clocks.lines, Logs: map[string]int{}}
	for machine, log := range r.logs {
		t.Logs[machine] = log.lines
	}
	return t
}

// goOn has a new recorder go on after what another has taken down. It copies that, but for the header, from the folder where it stands;
// if there is none, it only counts on. The mutex is held, or not needed yet.
func (r *Recorder) goOn(before taken, past run.Folder) error {
	r.recorded = before.History - r.history.lines
	err := errors.Join(r.history.follow(past, run.HistoryFile, before.History), r.clocks.follow(past, run.ClocksFile, before.Clocks))
	for _, machine := range sortedKeys(before.Logs) {
		name := filepath.Join(run.LogsFolder, machine+".jsonl")
		log, logErr := newLineWriter(r.folder.Path(name))
		if logErr != nil {
			return errors.Join(err, logErr)
		}
		r.logs[machine] = log
		err = errors.Join(err, log.follow(past, name, before.Logs[machine]))
	}
	return err
}

// keep notes who plays which role, and how much has been taken down.
func (r *Recorder) keep(state *kept) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	state.Names = r.cast.names
	state.Leader, state.Term, state.Suffering = r.cast.leader, r.cast.term, r.cast.suffering
	state.Taken = r.taken()
}

// restore has a new recorder know what keep noted; see goOn.
func (r *Recorder) restore(state kept, past run.Folder) error {
	r.machines(state.Machines)
	r.mutex.Lock()
	defer r.mutex.Unlock()
	clear(r.cast.names)
	maps.Copy(r.cast.names, state.Names)
	r.cast.leader, r.cast.term, r.cast.suffering = state.Leader, state.Term, state.Suffering
	return r.goOn(state.Taken, past)
}

// Printed takes down a line that a program printed. Lines of a workload's standard output that are history records go into the
// history, stamped with the line's time; everything else goes into the machine's log.
func (r *Recorder) Printed(machine string, line run.LogLine) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.workloads[machine] && line.Stream == 1 {
		if record, ok := parseRecord(line.Text); ok {
			record.T = line.T
			r.recorded++
			r.note(r.history.write(record))
			return
		}
	}
	if event, ok := run.ParseNodeEvent(machine, line); ok {
		r.cast.logged(event)
	}
	log, ok := r.logs[machine]
	if !ok {
		var err error
		if log, err = newLineWriter(r.folder.Path(run.LogsFolder, machine+".jsonl")); err != nil {
			r.note(err)
			return
		}
		r.logs[machine] = log
	}
	r.note(log.write(line))
}

// Exited takes down that a machine's program ended at a time, for which reason ("exit status 2"), and whether that was in good
// order, with status 0. A stage tells it of every end that no strike of its own brought about. That a program ends that was asked to,
// or whose disk is broken, is no news.
func (r *Recorder) Exited(machine string, t time.Duration, reason string, orderly bool) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.cast.mayEnd(machine) || r.cast.fell(machine) {
		return
	}
	r.exits = append(r.exits, exit{t: t, machine: machine, reason: reason, orderly: orderly})
}

// parseRecord reads a line that a workload printed.
func parseRecord(text string) (model.Record, bool) {
	var record model.Record
	if len(text) == 0 || text[0] != '{' || json.Unmarshal([]byte(text), &record) != nil {
		return record, false
	}
	return record, record.Client != "" && record.Phase != "" && record.Call != ""
}

// note keeps the first error.
func (r *Recorder) note(err error) {
	if r.failed == nil {
		r.failed = err
	}
}

// machines tells the recorder who is who.
func (r *Recorder) machines(machines []run.Machine) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for _, machine := range machines {
		if machine.Role == roleWorkload {
			r.workloads[machine.Name] = true
		}
	}
	r.cast.machines(machines)
}

// resolve finds whom a fault strikes now.
func (r *Recorder) resolve(number int, fault Fault) (strike Strike, text string, err error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.cast.resolve(number, fault)
}

// struck takes in what was done to the machines.
func (r *Recorder) struck(strike Strike) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.cast.struck(strike)
}

// sampled writes clock samples.
func (r *Recorder) sampled(samples []run.ClockSample) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for _, sample := range samples {
		r.note(r.clocks.write(sample))
	}
}

// ended returns the programs that have ended so far.
func (r *Recorder) ended() []exit {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return append([]exit(nil), r.exits...)
}

// records is how many records the history has so far.
func (r *Recorder) records() int {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.recorded
}

// flush brings everything to the files and returns the first error that there has been.
func (r *Recorder) flush() error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.note(r.history.flush())
	r.note(r.clocks.flush())
	for _, machine := range sortedKeys(r.logs) {
		r.note(r.logs[machine].flush())
	}
	return r.failed
}

// close flushes and closes all files.
func (r *Recorder) close() error {
	err := r.flush()
	r.mutex.Lock()
	defer r.mutex.Unlock()
	err = errors.Join(err, r.history.close(), r.clocks.close())
	for _, machine := range sortedKeys(r.logs) {
		err = errors.Join(err, r.logs[machine].close())
	}
	return err
}

// lineWriter writes a file of JSON lines that grows: whatever was flushed stays readable if the run is cut short.
type lineWriter struct {
	file     *os.File
	buffered *bufio.Writer
	encoder  *json.Encoder
	// lines is how many the run has so far, wherever the first of them stand.
	lines int
}

func newLineWriter(path string) (*lineWriter, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, err
	}
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	w := &lineWriter{file: file, buffered: bufio.NewWriterSize(file, 1<<16)}
	w.encoder = json.NewEncoder(w.buffered)
	w.encoder.SetEscapeHTML(false)
	return w, nil
}

func (w *lineWriter) write(value any) error {
	w.lines++
	if err := w.encoder.Encode(value); err != nil {
		return fmt.Errorf("%s: %w", w.file.Name(), err)
	}
	return nil
}

// follow has the next line be the one after so many. Those that the writer does not have yet are copied from the file of that name in
// another folder, if one is named.
func (w *lineWriter) follow(past run.Folder, name string, lines int) error {
	has := w.lines
	w.lines = lines
	if past == "" {
		return nil
	}
	file, err := os.Open(past.Path(name))
	if err != nil {
		return err
	}
	defer file.Close()
	rest := bufio.NewReader(file)
	for number := range lines {
		line, err := rest.ReadBytes('\n')
		if err != nil {
			return fmt.Errorf("%s: line %d of %d: %w", file.Name(), number+1, lines, err)
		}
		if number < has {
			continue
		}
		if _, err := w.buffered.Write(line); err != nil {
			return err
		}
	}
	return nil
}

func (w *lineWriter) flush() error { return w.buffered.Flush() }

func (w *lineWriter) close() error { return errors.Join(w.buffered.Flush(), w.file.Close()) }

// setHistoryEnd writes a finished history anew, with the time at which the run ended in its header.
func setHistoryEnd(folder run.Folder, header model.Header, end time.Duration) error {
	header.End = end
	first, err := json.Marshal(header)
	if err != nil {
		return fmt.Errorf("history header: %w", err)
	}
	path := folder.Path(run.HistoryFile)
	old, err := os.Open(path)
	if err != nil {
		return err
	}
	defer old.Close()
	rest := bufio.NewReader(old)
	if _, err := rest.ReadString('\n'); err != nil {
		return fmt.Errorf("%s: header: %w", path, err)
	}
	pending, err := renameio.NewPendingFile(path, renameio.WithExistingPermissions())
	if err != nil {
		return err
	}
	defer pending.Cleanup()
	if _, err := pending.Write(append(first, '\n')); err != nil {
		return err
	}
	if _, err := io.Copy(pending, rest); err != nil {
		return err
	}
	return pending.CloseAtomicallyReplace()
}
