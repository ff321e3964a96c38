package cache

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"muster/model"
	"muster/nodes/client"
)

// Folder is where lists are kept, a file each. The zero Folder keeps nothing.
type Folder string

// kept is the content of a file.
type kept struct {
	Service   model.Service    `json:"service"`
	Clusters  string           `json:"clusters"`
	Instances []model.Instance `json:"instances"`
	Made      int64            `json:"made_ms"`
	CacheFor  time.Duration    `json:"cache_for_ns"`
}

func (f Folder) file(service model.Service, clusters string) string {
	return filepath.Join(string(f), url.PathEscape(service.String()+"@@"+clusters)+".json")
}

// Keep writes a list in place of the one that was kept of the same service and clusters.
func (f Folder) Keep(listing client.Listing) error {
	if f == "" {
		return nil
	}
	text, err := json.Marshal(kept(listing))
	if err != nil {
		return fmt.Errorf("keep the list of %s: %w", listing.Service, err)
	}
	path := f.file(listing.Service, listing.Clusters)
	if err := os.MkdirAll(string(f), 0o777); err != nil {
		return fmt.Errorf("keep the list of %s: %w", listing.Service, err)
	}
	// A reader finds the one or the other, never half of it. What a crash takes away was a cache.
	if err := errors.Join(os.WriteFile(path+".new", text, 0o666), os.Rename(path+".new", path)); err != nil {
		return fmt.Errorf("keep the list of %s: %w", listing.Service, err)
	}
	return nil
}

// Find reads what was kept of a service; false if that is nothing. What cannot be read is an error, and counts as nothing.
func (f Folder) Find(service model.Service, clusters string) (client.Listing, bool, error) {
	if f == "" {
		return client.Listing{}, false, nil
	}
	text, err := os.ReadFile(f.file(service, clusters))
	if errors.Is(err, fs.ErrNotExist) {
		return client.Listing{}, false, nil
	}
	var found kept
	if err == nil {
		err = json.Unmarshal(text, &found)
	}
	if err == nil && (found.Service != service || found.Clusters != clusters) {
		err = fmt.Errorf("it is about %s in %q", found.Service, found.Clusters)
	}
	if err != nil {
		return client.Listing{}, false, fmt.Errorf("the list of %s that was kept in %s: %w", service, f.file(service, clusters), err)
	}
	return client.Listing(found), true, nil
}
