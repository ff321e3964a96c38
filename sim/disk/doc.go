// Package disk is the disk of one machine and the file system on it: what a program wrote, and what of it survives a loss of power.
//
// A Disk is plain data; Clone copies it exactly (contents are shared until one side writes). The machine calls it from one
// goroutine. Files and directories are named by Inode; Open counts a use, which Close ends, so that a removed file lives as long as it
// is open. Offsets, access rights and append mode belong to the machine's file descriptors. Times are nanoseconds that the caller's clock
// says.
//
// # What survives
//
// A killed process (Kill) loses nothing that it wrote. A loss of power (Crash) leaves what had been synced, and only that:
//
//   - A file holds what it held at its last Sync. One never synced is empty, if its name survives at all.
//   - A directory lists what it listed at its last Sync. A file created, renamed or removed since is as it was before; a rename is
//     undone or kept whole, never half.
//   - Sync of a file or directory also makes its own names durable, and those of the directories above it, as ext4, XFS and
//     btrfs all do: a program that creates and syncs a log but never its directory loses nothing on a real machine, so it should not here.
//   - Sync of one file makes nothing else durable. ext4's journal would commit every earlier rename with it; XFS and btrfs promise less, and a
//     program that is right only by the grace of a busy journal has a bug worth finding.
//   - A new file renamed over an old one is not written out by the rename (ext4's auto_da_alloc would): sync before you rename.
//
// Optionally an unsynced tail that was only appended may survive in part or as garbage, or some of the changed pages of a file and not the
// others (see Tail), which is how torn records come about.
//
// Faults say what else a disk does wrong: EIO, syncs that take time, and syncs that lie. SetCapacity fills it up, Rot flips bits on it.
//
// A file with several names (hard links) has all of them made durable at once, whichever of them it was opened by, and whichever of the
// directories that list it is synced.
package disk
