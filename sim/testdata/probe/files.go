package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// files tries what programs do with files.
func files([]string) error {
	if err := os.MkdirAll("/data/a/b", 0o755); err != nil {
		return err
	}
	check("write", os.WriteFile("/data/a/one", []byte("first\n"), 0o644))
	f, err := os.OpenFile("/data/a/one", os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	fmt.Fprintf(f, "second\n")
	check("read a file open for writing", readOne(f))
	check("close", f.Close())
	content, err := os.ReadFile("/data/a/one")
	fmt.Printf("%q %v\n", content, err)

	f, err = os.Create("/data/a/two")
	if err != nil {
		return err
	}
	f.WriteAt([]byte("tail"), 10)
	f.WriteString("head")
	offset, err := f.Seek(-2, io.SeekEnd)
	fmt.Println("seek", offset, err)
	rest, err := io.ReadAll(f)
	fmt.Printf("%q %v\n", rest, err)
	check("truncate", f.Truncate(5))
	part := make([]byte, 10)
	n, err := f.ReadAt(part, 2)
	fmt.Printf("%q %v\n", part[:n], err)
	stat, err := f.Stat()
	if err != nil {
		return err
	}
	fmt.Println(stat.Name(), stat.Size(), stat.Mode(), time.Since(stat.ModTime()))
	check("sync", f.Sync())
	check("rename", os.Rename("/data/a/two", "/data/a/b/three"))
	check("remove open file", os.Remove("/data/a/b/three"))
	_, err = f.WriteString("still there")
	check("write to it", err)
	f.Close()

	for i := range 300 {
		if err := os.WriteFile(fmt.Sprintf("/data/a/b/many-%03d", i), nil, 0o644); err != nil {
			return err
		}
	}
	entries, err := os.ReadDir("/data/a/b")
	fmt.Println(len(entries), entries[0].Name(), entries[299].Name(), err)
	matches, err := filepath.Glob("/data/*/o*")
	fmt.Println(matches, err)
	filepath.WalkDir("/data", func(path string, d fs.DirEntry, err error) error {
		if !strings.Contains(path, "many") {
			fmt.Println(path, d.IsDir(), err)
		}
		return nil
	})

	_, err = os.Open("/data/none")
	fmt.Println(errors.Is(err, fs.ErrNotExist))
	check("mkdir", os.Mkdir("/data/a", 0o755))
	check("rmdir", os.Remove("/data/a"))
	_, err = os.OpenFile("/data/a/one", os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o644)
	fmt.Println(errors.Is(err, fs.ErrExist))
	check("symlink", os.Symlink("/data/a", "/link"))
	content, err = os.ReadFile("/link/one")
	fmt.Printf("%q %v\n", content, err)
	check("link", os.Link("/data/a/one", "/again"))
	content, err = os.ReadFile("/again")
	fmt.Printf("%q %v\n", content, err)
	when := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	check("chtimes", os.Chtimes("/data/a/one", when, when))
	stat, err = os.Stat("/data/a/one")
	fmt.Println(stat.ModTime().UTC(), err)
	check("remove all", os.RemoveAll("/data"))
	_, err = os.Stat("/data")
	fmt.Println(errors.Is(err, fs.ErrNotExist))
	temporary, err := os.MkdirTemp("", "x")
	fmt.Println(strings.HasPrefix(temporary, os.TempDir()+"/x"), err)
	check("chdir", os.Chdir(temporary))
	check("relative", os.WriteFile("file", []byte("x"), 0o644))
	_, err = os.Stat(temporary + "/file")
	check("stat", err)
	return nil
}

func readOne(f *os.File) error {
	_, err := f.Read(make([]byte, 1))
	return err
}

// unsaved leaves a file whose end is not synced, and says what it found at the start.
func unsaved([]string) error {
	content, err := os.ReadFile("/data")
	fmt.Printf("found %q %v\n", content, err)
	f, err := os.OpenFile("/data", os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	fmt.Fprint(f, "synced,")
	if err := f.Sync(); err != nil {
		return err
	}
	fmt.Fprint(f, "written,")
	fmt.Println("wrote")
	time.Sleep(time.Hour)
	return nil
}
