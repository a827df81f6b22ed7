//go:build 386 || arm || mips || mipsle

package badgerdb

// On 32-bit machines Badger's allocator shifts an int by 32 and loses data
// without any error. This refuses to compile there and names the reason.
var _ = Navette_needs_a_64_bit_machine_because_Badger_loses_data_on_32_bits
