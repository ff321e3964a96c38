package distro

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"muster/nodes/defect"
	"muster/nodes/registry"
	"muster/nodes/rpc"
)

// Handle has a server take in what peers tell and ask.
func (d *Distro) Handle(server *rpc.Server) {
	rpc.Handle(server, func(_ context.Context, request *DistroDataRequest) (DistroDataResponse, error) {
		if !slices.ContainsFunc(d.targets(), func(t *target) bool { return t.peer == request.Source }) {
			return DistroDataResponse{}, &rpc.Error{Code: rpc.CodeInvalid,
				Message: fmt.Sprintf("%q is not a peer of %s", request.Source, d.config.Membership.Self())}
		}
		response := DistroDataResponse{Result: rpc.OK()}
		late := d.delays.of(request.Source, request.Boot, milliseconds(request.RunningMillis))
		switch request.DataOperation {
		case Change:
			d.change(request, late)
		case Verify:
			response.Unknown = d.verified(request, late)
		case Snapshot:
			response = d.page(request)
			response.Result, response.Loaded = rpc.OK(), d.hasLoaded()
		default:
			return DistroDataResponse{}, &rpc.Error{Code: rpc.CodeInvalid,
				Message: fmt.Sprintf("operation %q; want %s, %s or %s", request.DataOperation, Change, Verify, Snapshot)}
		}
		return response, nil
	})
}

func (d *Distro) change(request *DistroDataRequest, late time.Duration) {
	for _, data := range request.Changed {
		data.Silent = older(data.Silent, late)
		if whole, complete := d.parts.add(request.Source, data, request.Part, request.MoreParts); complete {
			d.apply(request.Source, whole, ChangeFromAnyone)
		}
	}
	for _, gone := range request.Removed {
		silent := older(gone.silent(), late)
		if defect.On(DeleteFromAnyone) {
			silent = 0
		}
		d.note(request.Source, gone.ClientID, d.config.Registry.RemoveSynced(gone.ClientID, silent))
	}
	if len(request.Lists) > 0 && d.agrees(request) {
		theirs := make(map[string]bool, len(request.Changed)+len(request.Verified))
		for _, data := range request.Changed {
			theirs[data.ID] = true
		}
		for _, mentioned := range request.Verified {
			theirs[mentioned.ClientID] = true
		}
		d.drop(request.Source, d.config.Registry.DropOthers(request.Source, request.Lists, theirs, dropGrace))
	}
}

// agrees says whether the sender decides by the same members as this node what it is responsible for. Where two see the members
// differently, as for a while after a heal and as long as only some nodes see each other, the sender is silent about clients that this
// node takes for the sender's, and they live all the same.
func (d *Distro) agrees(request *DistroDataRequest) bool {
	return slices.Equal(request.Living, d.config.Membership.Living())
}

// drop logs which copies a peer's word has removed.
func (d *Distro) drop(from string, clientIDs []string) {
	for _, id := range clientIDs {
		d.config.Logger.Info("dropped the copy of a client that its node no longer has", "from", from, "client", id)
	}
}

// apply takes a client's state over. With the given defect it pretends that the sender has just heard from the client.
func (d *Distro) apply(from string, data registry.ClientData, fresh defect.Name) {
	if defect.On(fresh) {
		data.Silent = 0
	}
	d.note(from, data.ID, d.config.Registry.ApplySync(data))
}

// note logs what the registry did not take. Stale news is none of it: the registry sees to it that the sender learns better.
func (d *Distro) note(from, clientID string, err error) {
	if err != nil && !errors.Is(err, registry.ErrStale) {
		d.config.Logger.Warn("a peer's news was refused", "from", from, "client", clientID, "error", err.Error())
	}
}

func (d *Distro) verified(request *DistroDataRequest, late time.Duration) (unknown []string) {
	listed := make(map[string]bool, len(request.Verified))
	for _, v := range request.Verified {
		listed[v.ClientID] = true
		if !d.config.Registry.Renew(v.ClientID, v.Revision, older(v.silent(), late)) {
			unknown = append(unknown, v.ClientID)
		}
	}
	covered := request.covers
	if d.config.Lists {
		covered = func(clientID string) bool { return request.covers(registry.ListOf(clientID)) }
		for _, list := range request.Lists {
			known, clients := d.config.Registry.RenewList(list)
			if !known {
				unknown = append(unknown, list.Name)
			}
			for _, id := range clients {
				listed[id] = true
			}
		}
	}
	if d.agrees(request) {
		d.drop(request.Source, d.config.Registry.DropUnlisted(request.Source, listed, covered, dropGrace))
	}
	return unknown
}
