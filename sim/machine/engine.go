package machine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	goruntime "runtime"
	"sync"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"muster/sim/prune"
)

// Engine compiles programs to machine code and instantiates them. It is meant to live as long as the host's process, and many
// worlds, each in a goroutine of its own, can share it.
type Engine struct {
	cache         string
	alwaysChecked bool

	mutex     sync.Mutex
	compilers map[checking]wazero.Runtime
	codes     map[[sha256.Size]byte]*Code
}

// Code is a program in machine code.
type Code struct {
	engine  *Engine
	sum     [sha256.Size]byte // of the whole module
	wasm    []byte
	initial *image // the memory as it is to begin with, which wasm leaves to us; nil if it does not

	mutex   sync.Mutex
	modules map[checking]wazero.CompiledModule
}

// checking says how loads and stores are kept inside of a program's memory. A folder for compiled code is named by it.
type checking string

const (
	// checked: each of them is compared with the memory's size.
	checked checking = "checked"
	// unchecked: they cannot reach anything else. Only for memories that own all that they can reach (linearMemory.isolated).
	unchecked checking = "unchecked"
)

// maxMemory is the most memory that a program can be given: all that 32-bit addresses reach, but for the last page.
const maxMemory = 4<<30 - pageSize

// DefaultCache is the folder for compiled code if no other is named: muster/wazero in the user's cache folder.
func DefaultCache() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("finding a folder for compiled code: %w", err)
	}
	return filepath.Join(dir, "muster", "wazero"), nil
}

// Of compiled code as much is kept as mostCached says: a registry node takes some 40 MB, with checks 100 MB, and each version of a
// program has its own. None goes that was used in the last while.
const (
	mostCached  = 4 << 30
	spareCached = 10 * time.Minute
)

// NewEngine returns an engine that keeps compiled code in the folder cache. Several processes may share the folder. What was not used for
// longest goes when it holds more than 4 GiB.
//
// If this program is built with the tag "unchecked" and the wazero that goes with it, loads and stores of programs are not checked, but
// where there is no address space for that; they are about twice as fast. A program that uses package unsafe to reach for what is not
// its own then ends the whole process with a SIGSEGV, where it would end alone otherwise.
func NewEngine(cache string) (*Engine, error) {
	return newEngine(cache, false)
}

// NewCheckedEngine returns an engine that checks all loads and stores, however this program is built.
func NewCheckedEngine(cache string) (*Engine, error) {
	return newEngine(cache, true)
}

func newEngine(cache string, alwaysChecked bool) (*Engine, error) {
	_ = prune.To(cache, mostCached, spareCached, time.Now()) // a cache from which nothing can be removed serves all the same
	e := &Engine{
		cache:         cache,
		alwaysChecked: alwaysChecked,
		compilers:     map[checking]wazero.Runtime{},
		codes:         map[[sha256.Size]byte]*Code{},
	}
	if _, err := e.compiler(context.Background(), e.preferred()); err != nil {
		return nil, err
	}
	return e, nil
}

// preferred is how loads and stores are checked if nothing stands against it.
func (e *Engine) preferred() checking {
	if reach == 0 || e.alwaysChecked {
		return checked
	}
	probe := newLinearMemory(0)
	defer probe.Free()
	return e.fit(probe)
}

// fit is how loads and stores to a memory are checked.
func (e *Engine) fit(m *linearMemory) checking {
	if m.isolated() && !e.alwaysChecked {
		return unchecked
	}
	return checked
}

// compiler returns the wazero runtime that checks in this way, with all that guests import.
func (e *Engine) compiler(ctx context.Context, c checking) (wazero.Runtime, error) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if runtime, ok := e.compilers[c]; ok {
		return runtime, nil
	}
	// wazero takes code that was compiled in one way for code compiled in another, if they share a folder.
	compiled, err := wazero.NewCompilationCacheWithDir(filepath.Join(e.cache, engineFolder(c)))
	if err != nil {
		return nil, fmt.Errorf("opening the folder of compiled code: %w", err)
	}
	config := wazero.NewRuntimeConfig().WithCompilationCache(compiled).WithMemoryLimitPages(maxMemory / pageSize).WithDebugInfoEnabled(false)
	runtime := wazero.NewRuntimeWithConfig(ctx, config)
	if err := exportCalls(ctx, runtime); err != nil {
		return nil, fmt.Errorf("preparing the system calls of guests: %w", err)
	}
	e.compilers[c] = runtime
	return runtime, nil
}

// Load compiles a program, or finds that it has been compiled before.
func (e *Engine) Load(ctx context.Context, wasm []byte) (*Code, error) {
	code := e.code(wasm)
	if _, err := code.module(ctx, e.preferred()); err != nil {
		return nil, fmt.Errorf("compiling a guest: %w", err)
	}
	return code, nil
}

func (e *Engine) code(wasm []byte) *Code {
	key := sha256.Sum256(wasm)
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if code, ok := e.codes[key]; ok {
		return code
	}
	rest, memory := splitData(wasm)
	code := &Code{engine: e, sum: key, wasm: rest, modules: map[checking]wazero.CompiledModule{}}
	if memory != nil {
		code.initial = newImage(memory)
	}
	e.codes[key] = code
	return code
}

// SHA256 is the hash of the WebAssembly module, in hexadecimal digits.
func (c *Code) SHA256() string { return hex.EncodeToString(c.sum[:]) }

// module compiles the program so that it is checked in this way, if that has not been done yet.
func (c *Code) module(ctx context.Context, as checking) (wazero.CompiledModule, error) {
	runtime, err := c.engine.compiler(ctx, as)
	if err != nil {
		return nil, err
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if module, ok := c.modules[as]; ok {
		return module, nil
	}
	ctx = experimental.WithCompilationWorkers(ctx, goruntime.GOMAXPROCS(0))
	if as == unchecked {
		ctx = withoutChecks(ctx)
	}
	module, err := runtime.CompileModule(ctx, c.wasm)
	if err != nil {
		return nil, err
	}
	c.modules[as] = module
	return module, nil
}

// instantiate makes an instance that does not run yet.
func (c *Code) instantiate(ctx context.Context, memory *linearMemory) (api.Module, error) {
	as := c.engine.fit(memory)
	compiled, err := c.module(ctx, as)
	if err != nil {
		return nil, err
	}
	runtime, err := c.engine.compiler(ctx, as)
	if err != nil {
		return nil, err
	}
	// wazero would panic.
	for _, wanted := range compiled.ExportedMemories() {
		if least := uint64(wanted.Min()) * pageSize; memory.limit < least {
			return nil, fmt.Errorf("its memory limit of %d KiB is below the %d KiB that the program needs to start", memory.limit>>10, least>>10)
		}
	}
	allocator := experimental.MemoryAllocatorFunc(func(_, _ uint64) experimental.LinearMemory { return memory })
	ctx = experimental.WithMemoryAllocator(ctx, allocator)
	return runtime.InstantiateModule(ctx, compiled, wazero.NewModuleConfig().WithName("").WithStartFunctions())
}
