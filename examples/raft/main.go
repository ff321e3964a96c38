// Command raft is a replicated log over etcd's Raft library, go.etcd.io/raft, unmodified: messages go over plain TCP, the log to a
// plain file, and whoever leads proposes a note every second.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"strings"
	"time"

	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"
)

func main() {
	log.SetFlags(0)
	id := flag.Uint64("id", 1, "the member's number, from 1")
	peers := flag.String("peers", "127.0.0.1:7000", "the addresses of all members in the order of their numbers, separated by commas")
	file := flag.String("log", "/raft.log", "the file for the log")
	flag.Parse()
	log.Fatalf("member %d: %v", *id, serve(*id, strings.Split(*peers, ","), *file))
}

// serve is the loop that the library asks of its user. It ends only with an error.
func serve(id uint64, addresses []string, file string) error {
	memory := raft.NewMemoryStorage()
	disk, known, err := openLog(file, memory)
	if err != nil {
		return err
	}
	config := &raft.Config{
		ID: id, ElectionTick: 10, HeartbeatTick: 2, Storage: memory, MaxSizePerMsg: 1 << 20, MaxInflightMsgs: 64, CheckQuorum: true, PreVote: true,
		Logger: &raft.DefaultLogger{Logger: log.New(nowhere{}, "", 0)},
	}
	var node raft.Node
	if known {
		node = raft.RestartNode(config)
	} else {
		var members []raft.Peer
		for i := range addresses {
			members = append(members, raft.Peer{ID: uint64(i + 1)})
		}
		node = raft.StartNode(config, members)
	}
	listener, err := net.Listen("tcp", addresses[id-1])
	if err != nil {
		return err
	}
	go receive(listener, node)
	outboxes := map[uint64]chan []byte{}
	for i, address := range addresses {
		if peer := uint64(i + 1); peer != id {
			outboxes[peer] = make(chan []byte, 64)
			go send(address, outboxes[peer])
		}
	}

	ticks, notes := time.Tick(100*time.Millisecond), time.Tick(time.Second)
	for number := 1; ; {
		select {
		case <-ticks:
			node.Tick()
		case <-notes:
			if node.Status().RaftState == raft.StateLeader {
				ctx, cancel := context.WithTimeout(context.Background(), time.Second)
				if err := node.Propose(ctx, fmt.Appendf(nil, "note %d of member %d", number, id)); err != nil {
					fmt.Println("cannot propose:", err)
				}
				cancel()
				number++
			}
		case ready := <-node.Ready():
			if ready.SoftState != nil {
				fmt.Printf("%s; member %d leads\n", ready.RaftState, ready.Lead)
			}
			if err := disk.save(ready); err != nil {
				return err
			}
			if err := memory.Append(ready.Entries); err != nil {
				return err
			}
			for _, message := range ready.Messages {
				content, err := proto.Marshal(message)
				if err != nil {
					return err
				}
				select {
				case outboxes[message.GetTo()] <- content:
				default: // Raft takes a lost message for granted.
				}
			}
			for _, entry := range ready.CommittedEntries {
				if err := apply(node, entry); err != nil {
					return err
				}
			}
			node.Advance()
		}
	}
}

// apply does what an entry that all agree on says.
func apply(node raft.Node, entry *raftpb.Entry) error {
	switch entry.GetType() {
	case raftpb.EntryConfChange:
		change := &raftpb.ConfChange{}
		if err := proto.Unmarshal(entry.GetData(), change); err != nil {
			return err
		}
		node.ApplyConfChange(change)
	case raftpb.EntryNormal:
		if len(entry.GetData()) > 0 { // A new leader begins with an empty one.
			fmt.Printf("entry %d: %s\n", entry.GetIndex(), entry.GetData())
		}
	}
	return nil
}

// nowhere is where the library's own messages go.
type nowhere struct{}

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
