package guest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// CheckPackage says what is wrong with Options.Package, as far as that can be told without building it: there is no such package, or it is
// none that can be run. It takes a fraction of a second.
func CheckPackage(ctx context.Context, o Options) error {
	command := exec.CommandContext(ctx, "go", "list", "-e", "-find", "-tags", strings.Join(o.Tags, ","), "-json=Name,Error", o.Package)
	command.Dir = o.Dir
	command.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=", "CGO_ENABLED=0")
	out, err := output(command)
	if err != nil {
		return fmt.Errorf("looking for the package %s: %w", o.Package, err)
	}
	var found struct {
		Name  string
		Error *struct{ Err string }
	}
	if err := json.Unmarshal(out, &found); err != nil {
		return fmt.Errorf("looking for the package %s: reading the answer of go list: %w", o.Package, err)
	}
	switch {
	case found.Error != nil && strings.Contains(found.Error.Err, excluded):
		return nil // Build fails, and Explain says what the package wants
	case found.Error != nil && found.Name == "":
		return errors.New(found.Error.Err)
	case found.Name != "" && found.Name != "main":
		return fmt.Errorf("it is package %s, a library: want a main package", found.Name)
	}
	return nil
}

// excluded is what the go command says of packages that are all for other systems.
const excluded = "build constraints exclude all Go files"
