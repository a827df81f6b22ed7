//go:build netns && amd64

package main_test

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// A process asks for the time of day in the vDSO, the code that the kernel maps
// into it; there, and in that process only, these instructions take the place
// of clock_gettime(2): they ask the kernel, and add the seconds that stand
// behind them if it was CLOCK_REALTIME. Namespaces don't know that clock, and
// Go programs don't use the C library, which others replace for this.
var wrongClock = []byte{
	0xb8, 0xe4, 0x00, 0x00, 0x00, // mov eax, 228
	0x0f, 0x05, // syscall
	0x85, 0xff, // test edi, edi
	0x75, 0x0a, // jne over the next two
	0x48, 0x8b, 0x0d, 0x04, 0x00, 0x00, 0x00, // mov rcx, [behind ret]
	0x48, 0x01, 0x0e, // add [rsi], rcx
	0xc3, // ret
}

// clock PLACE TIME: what time the place's daemon believes it is, from now on
func clock(l *lab, _ *testscript.TestScript, args []string) error {
	if len(args) != 2 {
		return errUsage
	}
	p, err := l.place(args[0])
	if err != nil {
		return err
	}
	at, err := time.Parse(time.RFC3339, args[1])
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	off := at.Unix() - time.Now().Unix()
	p.clock = &off
	if p.daemon == nil {
		return nil
	}
	return setClock(p.daemon.cmd.Process.Pid, off)
}

// startWrong starts a command in a place whose clock is wrong: the clock is
// changed before the program's first instruction.
func startWrong(cmd *exec.Cmd, off int64) error {
	// Only the thread that started a process may trace it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	pid := cmd.Process.Pid
	// It stops when it becomes ip, and again when that becomes the program.
	for range 2 {
		var status syscall.WaitStatus
		if _, err := syscall.Wait4(pid, &status, 0, nil); err != nil {
			return os.NewSyscallError("wait4", err)
		}
		if !status.Stopped() {
			return fmt.Errorf("tracing: process ended: %v", status)
		}
		exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
		if err != nil {
			return err
		}
		if !strings.HasSuffix(exe, "/ip") {
			return errors.Join(setClock(pid, off), os.NewSyscallError("detach", syscall.PtraceDetach(pid)))
		}
		if err := syscall.PtraceCont(pid, 0); err != nil {
			return os.NewSyscallError("continue", err)
		}
	}
	return errors.New("tracing: it never became the program")
}

// setClock puts a process' clock off by so many seconds.
func setClock(pid int, off int64) error {
	base, size, err := vdso(pid)
	if err != nil {
		return err
	}
	mem, err := os.OpenFile(fmt.Sprintf("/proc/%d/mem", pid), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer mem.Close()
	code := make([]byte, size)
	if _, err := mem.ReadAt(code, base); err != nil {
		return err
	}
	f, err := elf.NewFile(bytes.NewReader(code))
	if err != nil {
		return err
	}
	symbols, err := f.DynamicSymbols()
	if err != nil {
		return err
	}
	for _, s := range symbols {
		if s.Name == "__vdso_clock_gettime" {
			// First what is read, then who reads it.
			at := base + int64(s.Value)
			_, err := mem.WriteAt(binary.LittleEndian.AppendUint64(nil, uint64(off)), at+int64(len(wrongClock)))
			if err == nil && !bytes.HasPrefix(code[s.Value:], wrongClock) {
				_, err = mem.WriteAt(wrongClock, at)
			}
			return err
		}
	}
	return errors.New("there is no clock_gettime in the vDSO")
}

// vdso is where a process has it.
func vdso(pid int) (base, size int64, err error) {
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(maps)) {
		var end int64
		if strings.Contains(line, "[vdso]") {
			_, err := fmt.Sscanf(line, "%x-%x", &base, &end)
			return base, end - base, err
		}
	}
	return 0, 0, fmt.Errorf("process %d has no vDSO", pid)
}
