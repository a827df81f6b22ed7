//go:build netns && !amd64

package main_test

import (
	"errors"
	"os/exec"

	"github.com/rogpeppe/go-internal/testscript"
)

// clock needs instructions of the processor.
func clock(*lab, *testscript.TestScript, []string) error {
	return errors.New("the clock can be changed on amd64 only")
}

func startWrong(cmd *exec.Cmd, _ int64) error { return cmd.Start() }
