package feature

import "hash/maphash"

// Digest stands for a byte string: 128 bits, so that two among ten million are
// taken for one with a chance of 1e-25. Seeds are the process's own.
type Digest struct{ Hi, Lo uint64 }

var seedHi, seedLo = maphash.MakeSeed(), maphash.MakeSeed()

// DigestOf hashes b.
func DigestOf(b []byte) Digest {
	return Digest{maphash.Bytes(seedHi, b), maphash.Bytes(seedLo, b)}
}

// mix is the finalizer of splitmix64, a bijection.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
