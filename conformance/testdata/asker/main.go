// Command asker sends HTTP requests, one after the other, and prints the status of each and what came back on a line of its own.
//
//	asker "POST http://10.0.0.1:8848/nacos/v1/auth/login?username=nacos&password=nacos" …
//
// Its place in the house: tests boot it beside simulated nodes.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

func main() {
	client := http.Client{Timeout: 5 * time.Second}
	for _, argument := range os.Args[1:] {
		method, url, _ := strings.Cut(argument, " ")
		status, body := ask(&client, method, url)
		fmt.Printf("%d %s\n", status, strings.Join(strings.Fields(body), " "))
	}
}

// ask returns an answer's status and body; 0 and the problem if there is none.
func ask(client *http.Client, method, url string) (int, string) {
	request, err := http.NewRequest(method, url, nil)
	if err != nil {
		return 0, err.Error()
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err.Error()
	}
	return response.StatusCode, string(body)
}
