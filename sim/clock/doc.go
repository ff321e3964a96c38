// Package clock is the clock of one machine: what the machine believes, given the true time that only the world knows.
//
// A machine has a wall clock, which can be wrong by any amount, jump, jump to and fro, and stand still; and a monotonic clock, which
// counts from the machine's start and does none of this. Both are driven by one oscillator, so drift makes both run fast or slow, and
// timers with them. A Clock is plain data. It does not know who waits for it: whoever changes a clock must look again at the machine's
// timers.
package clock
