package node

import (
	"strconv"
	"time"

	"navette/crdt/membership"
	"navette/storage"
)

// The codes of notices that only the doctor gives, and of one about a restored
// commons.
const (
	NoticeReadsOnly = "reads_only" // the commons
	NoticeNoBackup  = "no_backup"  //
	NoticeOldBackup = "old_backup" // its age in days
)

// lowDisk is how much free space on the disk is worth a word: twice what must be
// free for what others have to be taken in.
var lowDisk = 2 * storage.DefaultFloors.Others

// Examine looks at the node as a doctor would: Notices, and what they leave
// out because it is no trouble yet.
func (n *Node) Examine() []Notice {
	out := n.Notices()
	n.mu.Lock()
	l := n.links
	n.mu.Unlock()
	if l.Network != nil && len(l.Network.Addrs()) == 0 {
		out = append(out, Notice{Code: NoticeNoNetwork})
	}
	out = append(out, n.examineNetwork()...)
	if n.o.Board != nil {
		out = append(out, n.o.Board()...)
	}
	if h, err := n.FilesHere(); err == nil && h.NoRoom {
		out = append(out, Notice{NoticeFiles, []string{strconv.Itoa(h.Wanted)}})
	}
	if n.o.Free != nil {
		if free, err := n.o.Free(); err == nil && free < lowDisk {
			out = append(out, Notice{NoticeDisk, []string{strconv.FormatInt(free>>20, 10)}})
		}
	}
	used := false // there is something that could be lost
	for _, c := range n.All() {
		if n.untouched(c) {
			continue
		}
		used = true
		if c.alone() {
			out = append(out, Notice{NoticeAlone, []string{c.name}})
		}
	}
	if used {
		out = append(out, n.examineBackup()...)
	}
	return out
}

// alone tells whether no other device is of the commons.
func (c *Commons) alone() bool {
	alone := true
	c.withMembers(func(s *membership.State) {
		for _, m := range s.Members() {
			for _, d := range s.Devices(m.Person) {
				alone = alone && d.Key == c.n.self
			}
		}
	})
	return alone
}

// examineBackup says that there is no backup, or an old one.
func (n *Node) examineBackup() []Notice {
	made, err := n.lastBackup()
	if err != nil || made == nil {
		return []Notice{{Code: NoticeNoBackup}}
	}
	now := time.Now()
	age := now.Sub(*made)
	if made.IsZero() || !plausible(now) || age < staleBackup {
		return nil
	}
	return []Notice{{NoticeOldBackup, []string{strconv.Itoa(int(age / (24 * time.Hour)))}}}
}
