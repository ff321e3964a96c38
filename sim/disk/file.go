package disk

const (
	blockBytes = 4096
	// largestFile keeps a stray offset from filling the simulator's memory with the table of a sparse file's blocks.
	largestFile = 4 << 30
)

// block holds bytes of a file. It is changed in place only in the epoch in which it was made; later it may be shared, with what is
// durable or with a clone.
type block struct {
	epoch uint64
	data  [blockBytes]byte
}

// file is the content of a file. A nil block is one of zeros.
type file struct {
	blocks []*block
	size   int64
	// What a loss of power leaves.
	synced     []*block
	syncedSize int64
	dirty      int  // blocks before this one are the same as the synced ones
	rewritten  bool // something below syncedSize has changed, too
}

func blocksFor(size int64) int { return int((size + blockBytes - 1) / blockBytes) }

func (f *file) blocksUsed() int64 {
	used := int64(0)
	for _, b := range f.blocks {
		if b != nil {
			used++
		}
	}
	return used
}

// keep makes the present content durable. The caller has sealed the disk.
func (f *file) keep() {
	f.synced = append(f.synced[:f.dirty], f.blocks[f.dirty:]...)
	f.syncedSize = f.size
	f.dirty, f.rewritten = len(f.blocks), false
}

// revert makes the durable content the present one.
func (f *file) revert() {
	f.blocks = append(f.blocks[:f.dirty], f.synced[f.dirty:]...)
	f.size = f.syncedSize
	f.dirty, f.rewritten = len(f.blocks), false
}

// forget drops the present content, not the durable one.
func (f *file) forget() {
	f.blocks, f.size, f.dirty, f.rewritten = nil, 0, 0, true
}

// tail is how many bytes were appended since the last sync, if nothing else was changed.
func (f *file) tail() int64 {
	if f.rewritten {
		return 0
	}
	return max(f.size-f.syncedSize, 0)
}

// touch remembers that bytes from offset on change. What lies between the end and an offset beyond it are zeros in new blocks, which
// are dirty anyway, or in the last one, which has held zeros there all along.
func (f *file) touch(offset int64) {
	f.dirty = min(f.dirty, int(offset/blockBytes))
	f.rewritten = f.rewritten || offset < f.syncedSize
}

// read copies bytes out.
func (f *file) read(p []byte, offset int64) int {
	if offset >= f.size {
		return 0
	}
	p = p[:min(int64(len(p)), f.size-offset)]
	for done := 0; done < len(p); {
		at := offset + int64(done)
		within := int(at % blockBytes)
		part := p[done:min(len(p), done+blockBytes-within)]
		if b := f.blocks[at/blockBytes]; b != nil {
			copy(part, b.data[within:])
		} else {
			clear(part)
		}
		done += len(part)
	}
	return len(p)
}

// writable returns block i of a file for changing, or nil if the disk is full.
func (d *Disk) writable(f *file, i int) *block {
	b := f.blocks[i]
	switch {
	case b == nil:
		if d.capacity > 0 && d.used+blockBytes > d.capacity {
			return nil
		}
		d.used += blockBytes
		b = &block{epoch: d.epoch}
		d.fresh = true
	case b.epoch != d.epoch:
		copied := *b
		copied.epoch = d.epoch
		b = &copied
		d.fresh = true
	}
	f.blocks[i] = b
	return b
}

// write copies bytes in, as many as the disk has room for.
func (d *Disk) write(f *file, p []byte, offset int64) int {
	if len(p) == 0 {
		return 0
	}
	f.touch(offset)
	done := 0
	for done < len(p) {
		at := offset + int64(done)
		i, within := int(at/blockBytes), int(at%blockBytes)
		for len(f.blocks) <= i {
			f.blocks = append(f.blocks, nil)
		}
		b := d.writable(f, i)
		if b == nil {
			break
		}
		done += copy(b.data[within:], p[done:])
		f.size = max(f.size, offset+int64(done))
	}
	f.blocks = f.blocks[:blocksFor(f.size)]
	return done
}

// resize cuts a file off, or lengthens it by zeros.
func (d *Disk) resize(f *file, size int64) {
	if size == f.size {
		return
	}
	f.touch(size)
	keep := blocksFor(size)
	for len(f.blocks) < keep {
		f.blocks = append(f.blocks, nil)
	}
	for i := keep; i < len(f.blocks); i++ {
		if f.blocks[i] != nil {
			d.used -= blockBytes
			f.blocks[i] = nil
		}
	}
	f.blocks = f.blocks[:keep]
	if rest := size % blockBytes; size < f.size && rest != 0 && f.blocks[keep-1] != nil {
		clear(d.writable(f, keep-1).data[rest:])
	}
	f.size = size
}

// file finds a file by its number.
func (d *Disk) file(i Inode) (*node, Errno) {
	n := d.nodes[i]
	switch {
	case n == nil:
		return nil, EBADF
	case n.directory:
		return nil, EISDIR
	}
	return n, OK
}

// ReadAt reads bytes from an offset on; 0 bytes are the end of the file. Errors: EBADF, EISDIR, EINVAL (negative offset), EIO.
func (d *Disk) ReadAt(i Inode, p []byte, offset int64) (int, Errno) {
	n, err := d.file(i)
	switch {
	case err != OK:
		return 0, err
	case offset < 0:
		return 0, EINVAL
	case d.fails(d.faults.ReadFails):
		return 0, EIO
	}
	return n.read(p, offset), OK
}

// WriteAt writes bytes from an offset on, which may lie beyond the end. A full disk takes some of them, or none with ENOSPC.
// Other errors: EBADF, EISDIR, EINVAL, EFBIG (over 4 GiB), EIO.
func (d *Disk) WriteAt(i Inode, p []byte, offset int64, now int64) (int, Errno) {
	n, err := d.file(i)
	switch {
	case err != OK:
		return 0, err
	case offset < 0:
		return 0, EINVAL
	case offset > largestFile-int64(len(p)):
		return 0, EFBIG
	case d.fails(d.faults.WriteFails):
		return 0, EIO
	}
	done := d.write(&n.file, p, offset)
	if done == 0 && len(p) > 0 {
		d.counters.Full++
		return 0, ENOSPC
	}
	n.modified = now
	return done, OK
}

// Append writes bytes at the end of a file and returns where the end is then. Errors are those of WriteAt.
func (d *Disk) Append(i Inode, p []byte, now int64) (int, int64, Errno) {
	n, err := d.file(i)
	if err != OK {
		return 0, 0, err
	}
	done, err := d.WriteAt(i, p, n.size, now)
	return done, n.size, err
}

// Truncate sets the size of a file, cutting it off or adding zeros. Errors: EBADF, EISDIR, EINVAL, EFBIG, EIO.
func (d *Disk) Truncate(i Inode, size, now int64) Errno {
	n, err := d.file(i)
	switch {
	case err != OK:
		return err
	case size < 0:
		return EINVAL
	case size > largestFile:
		return EFBIG
	case d.fails(d.faults.WriteFails):
		return EIO
	}
	d.resize(&n.file, size)
	n.modified = now
	return OK
}
