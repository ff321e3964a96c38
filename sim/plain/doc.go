// Package plain writes values of plain data to bytes and reads them back: structures of numbers, strings, slices, maps and pointers, with
// the fields that nobody exports, pointers that lead in circles, and two pointers to one thing as just that.
//
// The state of a world is plain data by design, so it can be kept without each part of the simulator having to say how, and a field that
// somebody adds is kept, too. What is not plain data, such as a function, an interface or a channel, is refused by its path unless it is
// nil; for what lives outside, such as a program's code, the caller says by which name it is found again (External).
//
// Bytes belong to the types that they were written of: they begin with a hash of the types' layout, and are refused where it is another.
// So they are for going on later with the same build, not for handing on. The package knows no world.
package plain
