package oplog_test

import (
	"bytes"
	"crypto/ed25519"
	"fmt"

	"navette/crdt"
	"navette/crdt/oplog"
)

// A device begins a log, makes a change in it, and sends both as a run; the
// receiver gets the exact blocks back.
func ExampleRun() {
	device := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, 32))
	commons := oplog.CommonsID(oplog.Sum([]byte("the genesis of a commons")))

	genesis := &oplog.LogGenesis{Commons: commons, Device: oplog.PublicKey(device), Birth: 29_400_000}
	first, err := genesis.Encode()
	if err != nil {
		fmt.Println(err)
		return
	}
	change := &oplog.Change{
		Seq: 1, Prev: oplog.Sum(first), Lamport: 1,
		Ops: []crdt.Op{{Code: 1, Target: crdt.Target{ID: crdt.ID{42}}, Body: []byte("\x81\x64tool")}},
	}
	copy(change.Log[:], change.Prev[:])
	second, err := change.Encode()
	if err != nil {
		fmt.Println(err)
		return
	}

	run, err := oplog.NewRun([][]byte{first, second},
		oplog.Sign(device, oplog.SigLog, commons, first),
		oplog.Sign(device, oplog.SigChange, commons, second))
	if err != nil {
		fmt.Println(err)
		return
	}
	wire, err := oplog.AppendRun(nil, run)
	if err != nil {
		fmt.Println(err)
		return
	}

	got, err := oplog.ReadRun(wire)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(oplog.VerifyRun(oplog.PublicKey(device), commons, got, oplog.Link{}))
	fmt.Println(bytes.Equal(got.Blocks[1], second), oplog.CID(got.ID()))
	// Output:
	// <nil>
	// true bafyreihjaha52f7b2kvsjwafrmpkgej5yyp3wxenmp4os7qq5xobbhtfrm
}
