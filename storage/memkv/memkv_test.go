package memkv_test

import (
	"testing"

	"navette/storage"
	"navette/storage/memkv"
	"navette/storage/storagetest"
)

func TestKV(t *testing.T) {
	storagetest.KV(t, func(*testing.T) storage.KV { return memkv.New(memkv.Options{}) })
}
