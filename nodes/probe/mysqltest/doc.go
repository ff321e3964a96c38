// Package mysqltest holds the MySQL health check against a MySQL server that runs in the test's own process (dolthub/go-mysql-server), and
// against a real MariaDB or MySQL where one is installed. It is a module of its own, so that nobody who wants a registry has to fetch a database.
package mysqltest
