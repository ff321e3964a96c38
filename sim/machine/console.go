package machine

import "bytes"

// longestLine is where a line is cut that never ends.
const longestLine = 1 << 20

// print takes what the program writes to a standard stream and passes on the lines that are whole.
func (p *Process) print(stream int32, text []byte) {
	for {
		end := bytes.IndexByte(text, '\n')
		if end < 0 {
			break
		}
		line := text[:end]
		if len(p.partial[stream]) > 0 {
			p.partial[stream] = append(p.partial[stream], line...)
			line = p.partial[stream]
			p.partial[stream] = p.partial[stream][:0]
		}
		p.kernel.Print(int(stream), line)
		text = text[end+1:]
	}
	if len(text) > 0 {
		p.partial[stream] = append(p.partial[stream], text...)
		if len(p.partial[stream]) >= longestLine {
			p.flushStream(stream)
		}
	}
}

// Flush passes on what the program printed last without ending the line.
func (p *Process) Flush() {
	p.flushStream(stdout)
	p.flushStream(stderr)
}

func (p *Process) flushStream(stream int32) {
	if len(p.partial[stream]) > 0 {
		p.kernel.Print(int(stream), p.partial[stream])
		p.partial[stream] = nil
	}
}
