// Package jsonscan reads JSON of a known shape without reflection, for what nodes and clients read with every operation.
//
// It reads what programs write, and nothing else: it gives up at names and texts with escapes, at names that stand there twice or in
// another case, at null, at a value of another type than the one asked for, and at whatever is no JSON. Where it gives up, the caller
// lets encoding/json read the same text, which knows all of that and says what is wrong. So whatever Ended says was read is what
// encoding/json would have read, and callers test that by fuzzing.
//
// Its place in the house: registry reads commands with it, openapi metadata, sdk registrations, client lists of services. It must know
// nothing of any of them.
package jsonscan
