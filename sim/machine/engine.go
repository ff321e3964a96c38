package machine

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/tetratelabs/wazero"
)

// Engine compiles programs to machine code and instantiates them. It is meant to live as long as the host's process, and many
// worlds, each in a goroutine of its own, can share it.
type Engine struct {
	runtime wazero.Runtime

	mutex sync.Mutex
	codes map[[sha256.Size]byte]*Code
}

// Code is a compiled program.
type Code struct {
	engine *Engine
	module wazero.CompiledModule
}

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

// NewEngine returns an engine that keeps compiled code in the folder cache. Several processes may share the folder.
func NewEngine(cache string) (*Engine, error) {
	compiled, err := wazero.NewCompilationCacheWithDir(cache)
	if err != nil {
		return nil, fmt.Errorf("opening the folder of compiled code: %w", err)
	}
	ctx := context.Background()
	config := wazero.NewRuntimeConfig().WithCompilationCache(compiled).WithMemoryLimitPages(maxMemory / pageSize).WithDebugInfoEnabled(false)
	engine := &Engine{runtime: wazero.NewRuntimeWithConfig(ctx, config), codes: map[[sha256.Size]byte]*Code{}}
	if err := engine.exportCalls(ctx); err != nil {
		return nil, fmt.Errorf("preparing the system calls of guests: %w", err)
	}
	return engine, nil
}

// Load compiles a program, or finds that it has been compiled before.
func (e *Engine) Load(ctx context.Context, wasm []byte) (*Code, error) {
	key := sha256.Sum256(wasm)
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if code, ok := e.codes[key]; ok {
		return code, nil
	}
	module, err := e.runtime.CompileModule(ctx, wasm)
	if err != nil {
		return nil, fmt.Errorf("compiling a guest: %w", err)
	}
	code := &Code{engine: e, module: module}
	e.codes[key] = code
	return code, nil
}
