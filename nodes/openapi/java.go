package openapi

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"muster/nodes/jackson"
)

// numberError is Java's NumberFormatException, in its words.
type numberError string

func (e numberError) Error() string { return fmt.Sprintf("For input string: \"%s\"", string(e)) }

// errMultiplePoints is what Java says of a number with two points.
var errMultiplePoints = errors.New("multiple points")

// parseJavaInt reads an int as Integer.parseInt does: an optional sign and decimal digits.
func parseJavaInt(text string) (int, error) {
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return 0, numberError(text)
	}
	return int(n), nil
}

// parseJavaDouble reads a double as Double.parseDouble does: blanks around, hexadecimal with an exponent, a suffix d or f.
func parseJavaDouble(text string) (float64, error) {
	trimmed := strings.TrimSpace(text)
	if trimmed == "" {
		return 0, numberError(text)
	}
	switch unsigned := strings.TrimLeft(trimmed, "+-"); {
	case strings.Count(unsigned[:len(unsigned)-len(strings.TrimLeft(unsigned, ".0123456789"))], ".") > 1:
		return 0, errMultiplePoints
	case strings.ContainsRune(trimmed, '_'):
		return 0, numberError(text)
	case unsigned == "NaN" || unsigned == "Infinity":
	case strings.ContainsAny(unsigned, "nN"): // Go's inf and nan in any case, infinity among them
		return 0, numberError(text)
	case !strings.HasPrefix(strings.ToLower(unsigned), "0x") || strings.ContainsAny(unsigned, "pP"):
		trimmed = strings.TrimRight(trimmed, "dDfF")
		if len(unsigned)-len(strings.TrimRight(unsigned, "dDfF")) > 1 {
			return 0, numberError(text)
		}
	}
	value, err := strconv.ParseFloat(trimmed, 64)
	if err != nil && !math.IsInf(value, 0) {
		return 0, numberError(text)
	}
	return value, nil
}

// word says whether a text is one of the words for true (Nacos: ConvertUtils.toBoolean).
func word(text string) bool {
	switch strings.ToLower(text) {
	case "true", "on", "yes", "t", "y":
		return true
	}
	return false
}

// double and float are numbers that stand in JSON as Jackson writes them.
type (
	double float64
	float  float32
)

// MarshalJSON writes a Java double.
func (d double) MarshalJSON() ([]byte, error) { return jackson.AppendDouble(nil, float64(d)), nil }

// MarshalJSON writes a Java float.
func (f float) MarshalJSON() ([]byte, error) { return jackson.AppendFloat(nil, float32(f)), nil }
