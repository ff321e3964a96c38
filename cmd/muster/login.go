package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"muster/model/run"
	"muster/nodes/client/login"
	"muster/scenarios"
)

// targetLogin is how long a login at a node of a target may take.
const targetLogin = 5 * time.Second

// loginFlags are the flags by which clients log in to a target that has authentication.
type loginFlags struct{ username, password string }

func (f *loginFlags) register(command *cobra.Command) {
	command.Flags().StringVar(&f.username, "username", "", "log in to the target as this `user`")
	command.Flags().StringVar(&f.password, "password", "",
		"the user's `password`; better in the environment, as "+run.EnvPassword+", where nobody sees it")
}

// read completes what the flags say from the environment, and demands that it makes sense.
func (f loginFlags) read(target bool) (scenarios.Login, error) {
	switch {
	case f.username == "" && f.password == "":
		return scenarios.Login{}, nil
	case !target:
		return scenarios.Login{}, errors.New(
			"--username and --password are for a --target: the nodes that are started here have accounts of their own")
	case f.username == "":
		return scenarios.Login{}, errors.New("--password without --username: want both")
	}
	login := scenarios.Login{Name: f.username, Password: f.password}
	if login.Password == "" {
		login.Password = os.Getenv(run.EnvPassword)
	}
	if login.Password == "" {
		return scenarios.Login{}, fmt.Errorf("--username %s: want --password, or %s in the environment", f.username, run.EnvPassword)
	}
	return login, nil
}

// wantsNoLogin asks a node of a target, by its base URL, once for what anybody may see where there is no authentication. Who is
// refused that would be refused everything, so it is an error. Nacos answers 403.
func wantsNoLogin(ctx context.Context, node string) error {
	ctx, cancel := context.WithTimeout(ctx, targetLogin)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, node+"/nacos/v1/ns/instance/list?serviceName=muster-login", nil)
	if err != nil {
		return fmt.Errorf("--target: %w", err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("--target: asking whether it wants a login: %w", err)
	}
	answer.Body.Close()
	if answer.StatusCode == http.StatusForbidden || answer.StatusCode == http.StatusUnauthorized {
		return fmt.Errorf("--target: %s answers %s: the cluster wants a login: --username", node, answer.Status)
	}
	return nil
}

// logIn sees whether the nodes of a target, by their base URLs, know a name and a password; nil where there is no name.
func logIn(ctx context.Context, nodes []string, who scenarios.Login) (*login.Session, error) {
	session, err := login.New(login.Options{Nodes: nodes, Name: who.Name, Password: who.Password, Timeout: targetLogin})
	if err != nil {
		return nil, fmt.Errorf("--target: %w", err)
	}
	if _, err := session.Token(ctx); err != nil {
		return nil, fmt.Errorf("--target: %w", err)
	}
	return session, nil
}
