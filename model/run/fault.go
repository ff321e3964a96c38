package run

import "slices"

// Kind names a fault, or what undoes some. It is the one vocabulary of scenarios, plans, traces, reports and stages.
type Kind string

// Faults of the network. A heal undoes them all, but for reset-connections, which leaves nothing to undo.
const (
	// KindIsolate cuts machines off from all other nodes, both ways.
	KindIsolate Kind = "isolate"
	// KindPartition splits machines into sides that do not reach each other. Machines on no side reach everyone.
	KindPartition Kind = "partition"
	// KindBridge is a partition into halves with one node between them that reaches both.
	KindBridge Kind = "bridge"
	// KindMajorityRing has every node reach a majority, and no two the same one: each sees only its neighbours on a ring.
	KindMajorityRing Kind = "majority-ring"
	// KindCut stops what one side sends to the other; the way back stays open.
	KindCut Kind = "cut"
	// KindReset ends connections between two sides with a RST to both ends; new ones can be made at once.
	KindReset Kind = "reset-connections"
	// KindSlowLink delays all packets by a fixed time more.
	KindSlowLink Kind = "slow-link"
	// KindLongTail delays a few packets by much more than the others.
	KindLongTail Kind = "long-tail"
	// KindNarrowLink limits how many bytes a second pass; packets queue.
	KindNarrowLink Kind = "narrow-link"
	// KindCloggedLink holds all packets back until the heal, and delivers them then.
	KindCloggedLink Kind = "clogged-link"
	// KindLossyLink loses packets at random.
	KindLossyLink Kind = "lossy-link"
	// KindDuplicatingLink delivers datagrams twice at random.
	KindDuplicatingLink Kind = "duplicating-link"
	// KindReorderingLink has datagrams overtake each other.
	KindReorderingLink Kind = "reordering-link"
	// KindSilentResolver has machines' questions for the addresses of names go unanswered.
	KindSilentResolver Kind = "silent-resolver"
	// KindFailingResolver has them answered with the word that the name server has failed.
	KindFailingResolver Kind = "failing-resolver"
	// KindHeal undoes whatever the network suffers from.
	KindHeal Kind = "heal"
)

// Faults of clocks.
const (
	// KindClockOffset puts wall clocks ahead of true time by a fixed offset (behind, if it is negative).
	KindClockOffset Kind = "clock-offset"
	// KindClockDrift has clocks run fast by some parts per million (slow, if negative), the monotonic clock included.
	KindClockDrift Kind = "clock-drift"
	// KindClockJump moves wall clocks on (or back) from wherever they are.
	KindClockJump Kind = "clock-jump"
	// KindClockFreeze has wall clocks stand still; the monotonic clock runs on.
	KindClockFreeze Kind = "clock-freeze"
	// KindClockStrobe has wall clocks jump to and fro with a period.
	KindClockStrobe Kind = "clock-strobe"
	// KindClockReset sets clocks right again, at once.
	KindClockReset Kind = "clock-reset"
)

// Faults of machines and their programs.
const (
	// KindCrash is a loss of power: memory is lost, and of the disk what was not synced; peers are told nothing.
	KindCrash Kind = "crash"
	// KindTornCrash is a loss of power during a write: of what was appended and not synced, a random part is on the disk.
	KindTornCrash Kind = "torn-crash"
	// KindKill ends the program as SIGKILL does: memory is lost, files stay as written, peers' connections are closed.
	KindKill Kind = "kill"
	// KindTerminate asks the program to end in good order, as SIGTERM does.
	KindTerminate Kind = "terminate"
	// KindRestart boots machines whose program was ended.
	KindRestart Kind = "restart"
	// KindMove boots them with another address: the machine came back elsewhere, with its disk.
	KindMove Kind = "move"
	// KindUpgrade boots them with the next build of the program.
	KindUpgrade Kind = "upgrade"
	// KindPause stops machines from running, as SIGSTOP or a long garbage collection does; packets queue up meanwhile.
	KindPause Kind = "pause"
	// KindSlowCPU has programs get a share of the processor only.
	KindSlowCPU Kind = "slow-cpu"
	// KindResume lets paused machines run on, and slowed ones at full speed.
	KindResume Kind = "resume"
)

// Faults of disks.
const (
	// KindLyingDisk has the disk say that data are synced that are not: the next crash loses them.
	KindLyingDisk Kind = "lying-disk"
	// KindDiskErrors has calls on files fail with EIO at random.
	KindDiskErrors Kind = "disk-errors"
	// KindFullDisk leaves so much room on the disk; what needs more fails with ENOSPC.
	KindFullDisk Kind = "full-disk"
	// KindSlowDisk has every fsync take so much longer.
	KindSlowDisk Kind = "slow-disk"
	// KindBitRot turns over bits of files that lie on the disk. Nothing turns them back.
	KindBitRot Kind = "bit-rot"
	// KindDiskRepair has disks work again as they should.
	KindDiskRepair Kind = "disk-repair"
)

// Changes of the cluster, which nothing undoes: they are what an operator does, and the cluster is to withstand them.
const (
	// KindAddNode starts a node that is a member from now on.
	KindAddNode Kind = "add-node"
	// KindRemoveNode takes a node out of the member list and stops it.
	KindRemoveNode Kind = "remove-node"
	// KindReplaceNode takes one node out and starts another in its place.
	KindReplaceNode Kind = "replace-node"
)

// Defects of the program itself.
const (
	// KindFailpoint switches a defect on that is built into the program.
	KindFailpoint Kind = "failpoint"
	// KindFailpointOff switches all defects off that were switched on so.
	KindFailpointOff Kind = "failpoint-off"
)

// Family is what a kind of fault befalls.
type Family string

// The families.
const (
	NetworkFamily    Family = "network"
	ClockFamily      Family = "clock"
	MachineFamily    Family = "machine"
	DiskFamily       Family = "disk"
	MembershipFamily Family = "membership"
	DefectFamily     Family = "defect"
)

// kind is what one need know of a kind to read a plan.
type kind struct {
	name   Kind
	family Family
	// undoneBy are the kinds that undo it; none for what undoes others, and for what leaves nothing to undo.
	undoneBy []Kind
	// ends: it undoes others.
	ends bool
}

// kinds are all there are, in the order in which they are listed.
var kinds = []kind{
	{name: KindIsolate, family: NetworkFamily, undoneBy: byHeal},
	{name: KindPartition, family: NetworkFamily, undoneBy: byHeal},
	{name: KindBridge, family: NetworkFamily, undoneBy: byHeal},
	{name: KindMajorityRing, family: NetworkFamily, undoneBy: byHeal},
	{name: KindCut, family: NetworkFamily, undoneBy: byHeal},
	{name: KindReset, family: NetworkFamily},
	{name: KindSlowLink, family: NetworkFamily, undoneBy: byHeal},
	{name: KindLongTail, family: NetworkFamily, undoneBy: byHeal},
	{name: KindNarrowLink, family: NetworkFamily, undoneBy: byHeal},
	{name: KindCloggedLink, family: NetworkFamily, undoneBy: byHeal},
	{name: KindLossyLink, family: NetworkFamily, undoneBy: byHeal},
	{name: KindDuplicatingLink, family: NetworkFamily, undoneBy: byHeal},
	{name: KindReorderingLink, family: NetworkFamily, undoneBy: byHeal},
	{name: KindSilentResolver, family: NetworkFamily, undoneBy: byHeal},
	{name: KindFailingResolver, family: NetworkFamily, undoneBy: byHeal},
	{name: KindHeal, family: NetworkFamily, ends: true},

	{name: KindClockOffset, family: ClockFamily, undoneBy: byClockReset},
	{name: KindClockDrift, family: ClockFamily, undoneBy: byClockReset},
	{name: KindClockJump, family: ClockFamily, undoneBy: byClockReset},
	{name: KindClockFreeze, family: ClockFamily, undoneBy: byClockReset},
	{name: KindClockStrobe, family: ClockFamily, undoneBy: byClockReset},
	{name: KindClockReset, family: ClockFamily, ends: true},

	{name: KindCrash, family: MachineFamily, undoneBy: byBoot},
	{name: KindTornCrash, family: MachineFamily, undoneBy: byBoot},
	{name: KindKill, family: MachineFamily, undoneBy: byBoot},
	{name: KindTerminate, family: MachineFamily, undoneBy: byBoot},
	{name: KindRestart, family: MachineFamily, ends: true},
	{name: KindMove, family: MachineFamily, ends: true},
	{name: KindUpgrade, family: MachineFamily, ends: true},
	{name: KindPause, family: MachineFamily, undoneBy: byResume},
	{name: KindSlowCPU, family: MachineFamily, undoneBy: byResume},
	{name: KindResume, family: MachineFamily, ends: true},

	{name: KindLyingDisk, family: DiskFamily, undoneBy: byRepair},
	{name: KindDiskErrors, family: DiskFamily, undoneBy: byRepair},
	{name: KindFullDisk, family: DiskFamily, undoneBy: byRepair},
	{name: KindSlowDisk, family: DiskFamily, undoneBy: byRepair},
	{name: KindBitRot, family: DiskFamily},
	{name: KindDiskRepair, family: DiskFamily, ends: true},

	{name: KindAddNode, family: MembershipFamily},
	{name: KindRemoveNode, family: MembershipFamily},
	{name: KindReplaceNode, family: MembershipFamily},

	{name: KindFailpoint, family: DefectFamily, undoneBy: []Kind{KindFailpointOff}},
	{name: KindFailpointOff, family: DefectFamily, ends: true},
}

var (
	byHeal       = []Kind{KindHeal}
	byClockReset = []Kind{KindClockReset}
	byBoot       = []Kind{KindRestart, KindMove, KindUpgrade}
	byResume     = []Kind{KindResume}
	byRepair     = []Kind{KindDiskRepair}
)

// Kinds are all kinds of faults, and of what undoes them, in the order in which they are listed.
func Kinds() []Kind {
	var names []Kind
	for _, k := range kinds {
		names = append(names, k.name)
	}
	return names
}

func (k Kind) known() kind {
	for _, each := range kinds {
		if each.name == k {
			return each
		}
	}
	return kind{name: k}
}

// Known says whether there is such a kind.
func (k Kind) Known() bool { return k.known().family != "" }

// Family is what the kind befalls; empty for an unknown kind.
func (k Kind) Family() Family { return k.known().family }

// Ends says whether the kind undoes others rather than doing harm: a heal, a restart, a resume.
func (k Kind) Ends() bool { return k.known().ends }

// Lasts says whether the kind is in force until it is undone. The others are over once they are struck: a reset of connections, a heal.
func (k Kind) Lasts() bool { return len(k.known().undoneBy) > 0 }

// UndoneBy are the kinds that undo this one, the usual one first.
func (k Kind) UndoneBy() []Kind { return slices.Clone(k.known().undoneBy) }

// Undoes are the kinds that this one undoes; none for a kind that does harm.
func (k Kind) Undoes() []Kind {
	var names []Kind
	for _, other := range kinds {
		if slices.Contains(other.undoneBy, k) {
			names = append(names, other.name)
		}
	}
	return names
}
