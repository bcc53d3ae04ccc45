package weather

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"math"
)

// drawer draws numbers that depend on nothing but the seed and on what is drawn for: there is no stream of which one
// request could take what another would have got.
type drawer struct{ key [8]byte }

func newDrawer(seed uint64) drawer {
	var d drawer
	binary.BigEndian.PutUint64(d.key[:], seed)
	return d
}

// bits is a number for what is drawn, on what occasion. It stays the same from version to version.
func (d drawer) bits(what string, rule int, v Visit, before uint64) uint64 {
	mac := hmac.New(sha256.New, d.key[:])
	b := make([]byte, 0, 128)
	b = binary.BigEndian.AppendUint64(b, uint64(rule))
	b = binary.BigEndian.AppendUint64(b, before)
	for _, text := range []string{what, string(v.Account), v.Service, v.Operation} {
		b = binary.BigEndian.AppendUint64(b, uint64(len(text)))
		b = append(b, text...)
	}
	mac.Write(b)
	return binary.BigEndian.Uint64(mac.Sum(nil))
}

// uniform is a number of [0, 1).
func (d drawer) uniform(what string, rule int, v Visit, before uint64) float64 {
	return float64(d.bits(what, rule, v, before)>>11) / (1 << 53)
}

// z99 is the 99th percentile of the standard normal distribution.
const z99 = 2.3263478740408408

// logNormal is the value below which a share u of a log-normal distribution lies that has a median and a 99th percentile.
func logNormal(median, p99, u float64) float64 {
	if u <= 0 {
		return 0
	}
	z := math.Sqrt2 * math.Erfinv(2*u-1)
	return median * math.Exp(z*math.Log(p99/median)/z99)
}
