package main

import (
	"slices"
	"testing"
	"testing/fstest"

	"navette/node"
)

func TestExamineBoard(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"a machine that tells nothing", nil, nil},
		{"a healthy board", map[string]string{
			"sys/class/hwmon/hwmon1/name": "rpi_volt\n", "sys/class/hwmon/hwmon1/in0_lcrit_alarm": "0\n",
			"sys/devices/platform/soc/soc:firmware/get_throttled": "0\n",
			"sys/block/mmcblk0/device/life_time":                  "0x01 0x02\n",
			"proc/self/mounts":                                    "/dev/mmcblk0p2 / ext4 rw,noatime 0 0\ntmpfs /var tmpfs ro 0 0\n/dev/sda1 /var/lib/navette ext4 rw 0 0\n",
		}, nil},
		{"another sensor's alarm", map[string]string{"sys/class/hwmon/hwmon0/name": "cpu", "sys/class/hwmon/hwmon0/in0_lcrit_alarm": "1"}, nil},
		{"a weak supply, by the sensor", map[string]string{"sys/class/hwmon/hwmon1/name": "rpi_volt\n", "sys/class/hwmon/hwmon1/in0_lcrit_alarm": "1\n"}, []string{node.NoticeUndervoltage}},
		{"a weak supply, some time ago", map[string]string{"sys/devices/platform/soc/soc:firmware/get_throttled": "50000\n"}, []string{node.NoticeUndervoltage}},
		{"a worn card", map[string]string{"sys/block/mmcblk0/device/life_time": "0x02 0x09\n"}, []string{node.NoticeWorn}},
		{"a card that says nothing", map[string]string{"sys/block/mmcblk0/device/life_time": "0xff zz\n"}, nil},
		{"a disk that went read-only", map[string]string{"proc/self/mounts": "/dev/mmcblk0p2 / ext4 ro,noatime 0 0\n"}, []string{node.NoticeReadOnly}},
	} {
		root := fstest.MapFS{}
		for name, content := range c.files {
			root[name] = &fstest.MapFile{Data: []byte(content)}
		}
		var got []string
		for _, n := range examineBoard(root, "/var/lib/navette") {
			got = append(got, n.Code)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v; want %v", c.name, got, c.want)
		}
	}
}
