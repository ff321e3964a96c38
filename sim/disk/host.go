package disk

import "strings"

// ReadFile returns the content of a file, for whoever looks at the disk from outside. It meets no faults. Errors are those of StatPath,
// and EISDIR.
func (d *Disk) ReadFile(path string) ([]byte, Errno) {
	f, err := d.walk(Root, path, true)
	switch {
	case err != OK:
		return nil, err
	case f.node == nil:
		return nil, ENOENT
	case f.node.directory:
		return nil, EISDIR
	}
	content := make([]byte, f.node.size)
	f.node.read(content, 0)
	return content, OK
}

// WriteFile puts a file on the disk from outside, with the directories that it needs, durable as if it had always been there. It meets
// no faults, and finds room also on a full disk. Errors are those of StatPath, and EISDIR.
func (d *Disk) WriteFile(path string, content []byte, now int64) Errno {
	for i, c := range path {
		if c != '/' || strings.Trim(path[:i], "/") == "" {
			continue
		}
		above, err := d.walk(Root, path[:i], true)
		if err != OK {
			return err
		}
		if above.node == nil {
			d.enter(d.create(true, now), place{above.parent.number, above.name}, now)
		}
	}
	f, err := d.walk(Root, path, true)
	switch {
	case err != OK:
		return err
	case f.slash || f.node != nil && f.node.directory:
		return EISDIR
	case f.node == nil:
		f.node = d.create(false, now)
		d.enter(f.node, place{f.parent.number, f.name}, now)
	}
	d.resize(&f.node.file, 0)
	d.overwrite(&f.node.file, content, 0)
	f.node.modified = now
	d.keepPlace(f.node)
	d.seal()
	f.node.keep()
	return OK
}
