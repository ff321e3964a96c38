package probe

import (
	"context"
	"database/sql"
	"errors"
	"net"

	"github.com/go-sql-driver/mysql"

	"muster/nodes/registry"
)

// masterCommand asks a MySQL server whether it takes writes; the only command whose answer is looked at (Nacos:
// MysqlHealthCheckProcessor.CHECK_MYSQL_MASTER_SQL).
const masterCommand = "show global variables where variable_name='read_only'"

// checkMySQL logs in and has a command answered (Nacos: MysqlHealthCheckProcessor). Where the command is masterCommand, a server that
// takes no writes does not pass. MySQL calls that ON; some that speak its protocol say 1. A time-out counts like any check's: Nacos takes it
// for proof at once, as it does whatever the driver throws.
func (p *Prober) checkMySQL(ctx context.Context, settings registry.HealthChecker, ip string, port int) finding {
	config := mysql.NewConfig()
	config.User, config.Passwd = text(settings, "user"), text(settings, "pwd")
	config.Net, config.Addr = "tcp", hostPort(ip, port)
	config.Timeout, config.ReadTimeout, config.WriteTimeout = checkTimeout, checkTimeout, checkTimeout
	config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		return p.options.Dial(ctx, network, address)
	}
	config.Logger = silent{}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return finding{failed, false, err.Error()}
	}
	database := sql.OpenDB(connector)
	defer database.Close()
	name, value, err := ask(ctx, database, text(settings, "cmd"))
	var answered *mysql.MySQLError
	switch {
	case errors.As(err, &answered):
		return finding{refused, false, err.Error()}
	case err != nil:
		return unreachable(err)
	case text(settings, "cmd") == masterCommand && (value == "ON" || value == "1"):
		return finding{failed, false, "the server is no master: " + name + " is " + value}
	}
	return finding{passed, false, "answered"}
}

// ask runs a command and returns the first row's first two columns, "" where there are fewer.
func ask(ctx context.Context, database *sql.DB, command string) (first, second string, err error) {
	rows, err := database.QueryContext(ctx, command)
	if err != nil {
		return "", "", err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil || !rows.Next() {
		return "", "", errors.Join(err, rows.Err())
	}
	cells := make([]sql.NullString, max(len(columns), 2))
	into := make([]any, len(columns))
	for i := range into {
		into[i] = &cells[i]
	}
	err = rows.Scan(into...)
	return cells[0].String, cells[1].String, errors.Join(err, rows.Err())
}

// silent keeps the driver from writing to standard error what comes back as an error anyway.
type silent struct{}

// Print drops it.
func (silent) Print(...any) {}
