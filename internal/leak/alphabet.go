package leak

// A class is the alphabets that a character belongs to.
type class uint8

const (
	isStandard class = 1 << iota // of base64, RFC 4648 section 4
	isURLSafe                    // of base64url, section 5
	isHex

	isBase64 = isStandard | isURLSafe
)

func classOf(c byte) class {
	switch {
	case '0' <= c && c <= '9', 'a' <= c && c <= 'f', 'A' <= c && c <= 'F':
		return isStandard | isURLSafe | isHex
	case 'g' <= c && c <= 'z', 'G' <= c && c <= 'Z':
		return isStandard | isURLSafe
	case c == '+', c == '/':
		return isStandard
	case c == '-', c == '_':
		return isURLSafe
	}
	return 0
}

// sextet is the six bits that a character of either alphabet stands for.
func sextet(c byte) byte {
	switch {
	case c >= 'a' && c <= 'z':
		return c - 'a' + 26
	case c >= 'A' && c <= 'Z':
		return c - 'A'
	case c >= '0' && c <= '9':
		return c - '0' + 52
	case c == '+', c == '-':
		return 62
	default:
		return 63
	}
}

// unpack appends the bytes that base64 of either alphabet encodes. Bits that make no whole byte are dropped.
func unpack(to, chars []byte) []byte {
	bits, held := uint32(0), 0
	for _, c := range chars {
		bits = bits<<6 | uint32(sextet(c))
		if held += 6; held >= 8 {
			held -= 8
			to = append(to, byte(bits>>held))
		}
	}
	return to
}

// nibble is the four bits that a hexadecimal digit stands for.
func nibble(c byte) byte {
	switch {
	case c >= 'a':
		return c - 'a' + 10
	case c >= 'A':
		return c - 'A' + 10
	default:
		return c - '0'
	}
}
