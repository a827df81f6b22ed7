//go:build netns

package main_test

import (
	"flag"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// programs are what the scripts run: navette twice, since the race detector is
// for the daemon and would make every other command slow.
type programs struct{ client, daemon, enemy string }

// isolated runs the scripts of a folder in namespaces of their own: network,
// mounts, processes, and users where we aren't root. Whatever they make there
// (bridges, namespaces, daemons) disappears with its process, however that
// ends, and the machine's own network never sees a packet of it.
//
// It does so by running this test program again with this one test. The
// programs are built before, where a module proxy is in reach.
func isolated(t *testing.T, dir string, build func() programs) {
	if inside := os.Getenv("NAVETTE_ISOLATED"); inside != "" {
		if err := enter(); err != nil {
			t.Fatalf("making a place for the tests: %v", err)
		}
		bin := strings.Split(inside, ":")
		runScripts(t, dir, programs{bin[0], bin[1], bin[2]})
		return
	}
	bin := build()
	pattern := "^" + t.Name() + "$"
	if _, sub, ok := strings.Cut(flag.Lookup("test.run").Value.String(), "/"); ok {
		pattern += "/" + sub
	}
	args := []string{"-test.run=" + pattern}
	flag.Visit(func(f *flag.Flag) {
		switch f.Name {
		case "test.run", "test.testlogfile", "test.coverprofile": // this process has them
		default:
			args = append(args, "-"+f.Name+"="+f.Value.String())
		}
	})
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), "NAVETTE_ISOLATED="+bin.client+":"+bin.daemon+":"+bin.enemy)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID,
		Pdeathsig:  syscall.SIGKILL,
	}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	// Pdeathsig looks at the thread that started the process.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cmd.Run(); err != nil {
		t.Fatalf("in namespaces of its own: %v", err)
	}
}

// enter gives the new process a /proc that knows its processes and a /run
// where ip keeps the names of namespaces.
var enter = sync.OnceValue(func() error {
	if err := syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return os.NewSyscallError("mount private", err)
	}
	if err := syscall.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return os.NewSyscallError("mount proc", err)
	}
	if err := syscall.Mount("tmpfs", "/run", "tmpfs", 0, "mode=755"); err != nil {
		return os.NewSyscallError("mount run", err)
	}
	return nil
})
