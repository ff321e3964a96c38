package machine

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero/sys"

	"muster/sim/clock"
	"muster/sim/disk"
	"muster/sim/network"
	"muster/sim/queue"
	"muster/sim/random"
	"muster/sim/trace"
)

// bareProcess is a process without a program, whose system calls can be called.
func bareProcess(t *testing.T) *Process {
	streams := random.New(1)
	n := network.New(streams)
	address := netip.MustParseAddr("10.0.0.1")
	require.NoError(t, n.AddHost(1, address))
	c, stream, recorder := clock.New(0), streams.Stream("machine"), trace.NewRecorder(nil)
	return &Process{
		kernel: Kernel{
			Queue: &queue.Queue{}, Network: n, Disk: disk.New(disk.Options{Capacity: 1 << 20}), Clock: &c, Random: &stream, Trace: &recorder,
			Name: "n1", Host: 1, Address: address, Print: func(int, []byte) {},
		},
		memory: &linearMemory{data: make([]byte, pageSize)},
		tables: tables{table: standardTable(), sockets: map[network.Socket]int32{}, arguments: []string{"program"}},
	}
}

// try calls a function. It returns what ended the program, if anything did.
func try(p *Process, f function, stack []uint64) (ended error) {
	defer func() {
		if r := recover(); r != nil {
			var outside fault
			var exit *sys.ExitError
			err, _ := r.(error)
			if !errors.As(err, &outside) && !errors.As(err, &exit) {
				panic(fmt.Sprintf("%s %d: %v", f.name, stack, r))
			}
			ended = err
		}
	}()
	f.call(p, stack)
	return nil
}

// TestNoProgramBreaksTheSimulator makes random system calls with random arguments. Those that make no sense meet an error or end the
// program; none may end us.
func TestNoProgramBreaksTheSimulator(t *testing.T) {
	all := functions()
	for seed := range uint64(40) {
		choices := rand.New(rand.NewPCG(seed, 0))
		p := bareProcess(t)
		for i := range p.memory.data[:4096] {
			if choices.IntN(4) == 0 { // vectors and names that now and then mean something
				p.memory.data[i] = byte(choices.Uint32())
			}
		}
		copy(p.memory.data[100:], "/a/../b/../../c")
		ended := 0
		for range 3000 {
			f := all[choices.IntN(len(all))]
			stack := make([]uint64, 10)
			for i := range stack {
				switch choices.IntN(6) {
				case 0:
					stack[i] = choices.Uint64()
				case 1:
					stack[i] = uint64(100 + choices.IntN(20))
				case 2:
					stack[i] = pageSize - uint64(choices.IntN(30))
				default:
					stack[i] = uint64(choices.IntN(12))
				}
			}
			if try(p, f, stack) != nil {
				ended++
			}
			p.kernel.Network.TakeReady()
			p.kernel.Network.TakeNotes()
			for e, more := p.kernel.Queue.Peek(); more && choices.IntN(3) == 0; e, more = p.kernel.Queue.Peek() {
				p.kernel.Queue.Pop()
				p.kernel.Network.Handle(p.kernel.Queue, e)
			}
		}
		require.Positive(t, ended)
		require.Less(t, ended, 2500, "most calls say what is wrong with them")
	}
}

// TestCallsByName: all that WASI's first preview has is there, so that any program can be loaded; what Go does not use says ENOSYS.
func TestCallsByName(t *testing.T) {
	names := map[string]function{}
	for _, f := range functions() {
		if f.module == "wasi_snapshot_preview1" {
			names[f.name] = f
		}
	}
	for _, name := range []string{
		"args_get", "args_sizes_get", "clock_res_get", "clock_time_get", "environ_get", "environ_sizes_get", "fd_advise", "fd_allocate",
		"fd_close", "fd_datasync", "fd_fdstat_get", "fd_fdstat_set_flags", "fd_fdstat_set_rights", "fd_filestat_get", "fd_filestat_set_size",
		"fd_filestat_set_times", "fd_pread", "fd_prestat_dir_name", "fd_prestat_get", "fd_pwrite", "fd_read", "fd_readdir", "fd_renumber", "fd_seek",
		"fd_sync", "fd_tell", "fd_write", "path_create_directory", "path_filestat_get", "path_filestat_set_times", "path_link", "path_open",
		"path_readlink", "path_remove_directory", "path_rename", "path_symlink", "path_unlink_file", "poll_oneoff", "proc_exit", "proc_raise",
		"random_get", "sched_yield", "sock_accept", "sock_recv", "sock_send", "sock_shutdown",
	} {
		require.Contains(t, names, name)
	}
	require.Len(t, names, 46)
	p := bareProcess(t)
	call := func(name string, stack ...uint64) errno {
		stack = append(stack, make([]uint64, 10)...)
		names[name].call(p, stack)
		return errno(stack[0])
	}
	require.Equal(t, enosys, call("poll_oneoff", 0, 100, 1, 200))
	require.Equal(t, ok, call("sched_yield"))
	require.Equal(t, ok, call("clock_res_get", 1, 64))
	require.EqualValues(t, 1, p.int64(64))
	require.Equal(t, ok, call("clock_time_get", 0, 0, 64))
	require.Equal(t, clock.Epoch.UnixNano(), p.int64(64))
	require.Equal(t, einval, call("clock_time_get", 9, 0, 64))
	var exit *sys.ExitError
	require.ErrorAs(t, try(p, names["proc_raise"], []uint64{6}), &exit)
	require.EqualValues(t, 128+6, exit.ExitCode())
}
