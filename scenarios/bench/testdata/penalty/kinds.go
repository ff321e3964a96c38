package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/hashicorp/go-msgpack/v2/codec"
	"github.com/hashicorp/raft"
)

// msgpack encodes and decodes what a Raft leader sends most.
func msgpack(times int) (int, error) {
	var handle codec.MsgpackHandle
	var buffer bytes.Buffer
	encoder := codec.NewEncoder(&buffer, &handle)
	decoder := codec.NewDecoder(&buffer, &handle)
	sum := 0
	for i := range times {
		sent := raft.AppendEntriesRequest{Term: 3, PrevLogEntry: uint64(i), PrevLogTerm: 3, LeaderCommitIndex: uint64(i)}
		for j := range 2 {
			sent.Entries = append(sent.Entries, &raft.Log{Index: uint64(i + j), Term: 3, Data: []byte("add one"), Extensions: []byte{1}})
		}
		if err := encoder.Encode(&sent); err != nil {
			return 0, err
		}
		var got raft.AppendEntriesRequest
		if err := decoder.Decode(&got); err != nil {
			return 0, err
		}
		sum += int(got.Entries[1].Index)
	}
	return sum, nil
}

// channels has two goroutines take turns.
func channels(times int) (int, error) {
	there, back := make(chan int), make(chan int)
	go func() {
		for n := range there {
			back <- n + 1
		}
	}()
	n := 0
	for range times {
		there <- n
		n = <-back
	}
	return n, nil
}

// selects receives from whichever of four channels has something.
func selects(times int) (int, error) {
	var in [4]chan int
	for i := range in {
		in[i] = make(chan int)
		go func() {
			for n := range times {
				in[i] <- n
			}
		}()
	}
	sum := 0
	for range times {
		select {
		case n := <-in[0]:
			sum += n - n
		case n := <-in[1]:
			sum += n - n
		case n := <-in[2]:
			sum += n - n
		case n := <-in[3]:
			sum += n - n
		}
		sum++
	}
	return sum, nil
}

type tree struct{ left, right *tree }

func grow(depth int) *tree {
	if depth == 0 {
		return &tree{}
	}
	return &tree{grow(depth - 1), grow(depth - 1)}
}

func (t *tree) size() int {
	if t.left == nil {
		return 1
	}
	return 1 + t.left.size() + t.right.size()
}

// garbage builds trees and drops them, beside one that stays.
func garbage(times int) (int, error) {
	stays := grow(15)
	sum := 0
	for range times {
		sum += grow(14).size()
	}
	return sum + stays.size(), nil
}

// lookups fills and reads maps.
func lookups(times int) (int, error) {
	words := make([]string, 5000)
	for i := range words {
		words[i] = fmt.Sprintf("service-%d", i)
	}
	sum := 0
	for range times {
		byNumber, byWord := map[int]int{}, map[string]int{}
		for i, word := range words {
			byNumber[i*7919]++
			byWord[word] += i
		}
		for i, word := range words {
			sum += byNumber[i*7919] + byWord[word]
		}
	}
	return sum, nil
}

// requests asks a server on the same machine by HTTP; the answer is JSON.
func requests(times int) (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		json.NewEncoder(w).Encode(map[string]any{"code": 200, "ip": r.FormValue("ip"), "ok": true})
	}))
	sum := 0
	for i := range times {
		response, err := http.PostForm(fmt.Sprintf("http://%s/instance?ip=10.0.0.%d", listener.Addr(), i%256), nil)
		if err != nil {
			return 0, err
		}
		body, err := io.ReadAll(response.Body)
		if err != nil {
			return 0, err
		}
		if err := response.Body.Close(); err != nil {
			return 0, err
		}
		sum += len(body)
	}
	return sum, nil
}
