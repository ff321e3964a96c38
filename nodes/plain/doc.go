// Package plain reads JSON as programs mostly write it, several times as fast as encoding/json: texts without escapes, and nothing that two
// readers could take for different things. Whatever is not plain it leaves to encoding/json, which has the last word on what is right.
//
// Its place in the house: under those who read many small messages of known fields. It must not know what they mean.
package plain
