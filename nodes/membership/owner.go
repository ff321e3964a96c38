package membership

import (
	"math"
	"unicode/utf16"
)

// JavaHash is Java's String.hashCode: over UTF-16 units, in wrapping 32-bit arithmetic.
func JavaHash(text string) int32 {
	var hash int32
	for _, r := range text {
		if high, low := utf16.EncodeRune(r); high != '\uFFFD' {
			hash = 31*(31*hash+high) + low
			continue
		}
		hash = 31*hash + r
	}
	return hash
}

// OwnerAmong returns which of the servers, sorted as strings, is responsible for a tag (Nacos: DistroMapper.mapSrv); "" if there are none.
func OwnerAmong(tag string, servers []string) string {
	if len(servers) == 0 {
		return ""
	}
	return servers[abs(JavaHash(tag)%math.MaxInt32)%int32(len(servers))]
}

// abs is safe, for a remainder of the division by MaxInt32 is never MinInt32.
func abs(n int32) int32 { return max(n, -n) }
