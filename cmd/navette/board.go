package main

import (
	"io/fs"
	"path"
	"strconv"
	"strings"

	"navette/node"
)

// wornFrom is how much of a card's life may be used, in per cent, before it is
// worth a word.
const wornFrom = 80

// examineBoard looks for what ails the machine itself, as far as Linux tells: too
// little voltage, a card at the end of its life, a disk that was made read-only
// because of errors. root is the root of the file system, data the data folder.
func examineBoard(root fs.FS, data string) (out []node.Notice) {
	if lowVoltage(root) {
		out = append(out, node.Notice{Code: node.NoticeUndervoltage})
	}
	if used := wear(root); used >= wornFrom {
		out = append(out, node.Notice{Code: node.NoticeWorn, Args: []string{strconv.Itoa(used)}})
	}
	if readOnly(root, data) {
		out = append(out, node.Notice{Code: node.NoticeReadOnly, Args: []string{data}})
	}
	return out
}

func readLine(root fs.FS, name string) string {
	b, err := fs.ReadFile(root, name)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// lowVoltage tells whether a Raspberry Pi has complained of its supply since it
// started: by its sensor, or by the flags of its firmware (bits 0 and 16).
func lowVoltage(root fs.FS) bool {
	sensors, err := fs.Glob(root, "sys/class/hwmon/hwmon*/name")
	for _, name := range sensors {
		if err == nil && readLine(root, name) == "rpi_volt" && readLine(root, path.Join(path.Dir(name), "in0_lcrit_alarm")) == "1" {
			return true
		}
	}
	flags, err := strconv.ParseUint(readLine(root, "sys/devices/platform/soc/soc:firmware/get_throttled"), 16, 32)
	return err == nil && flags&(1|1<<16) != 0
}

// wear is how much of the life of the most worn card is used, in per cent, as
// its own counters have it (JEDEC's DEVICE_LIFE_TIME_EST, in tenths); 0 where
// there are none.
func wear(root fs.FS) (most int) {
	cards, err := fs.Glob(root, "sys/block/mmcblk*/device/life_time")
	if err != nil {
		return 0
	}
	for _, name := range cards {
		for _, text := range strings.Fields(readLine(root, name)) {
			if n, err := strconv.ParseUint(text, 0, 8); err == nil && n <= 11 {
				most = max(most, min(100, int(n)*10))
			}
		}
	}
	return most
}

// readOnly tells whether the file system that a folder is on takes no writes.
func readOnly(root fs.FS, folder string) bool {
	longest, ro := "", false
	for line := range strings.Lines(readLine(root, "proc/self/mounts")) {
		f := strings.Fields(line)
		if len(f) < 4 || len(f[1]) < len(longest) || folder != f[1] && !strings.HasPrefix(folder, strings.TrimSuffix(f[1], "/")+"/") {
			continue
		}
		longest, ro = f[1], strings.HasPrefix(f[3]+",", "ro,")
	}
	return ro
}
