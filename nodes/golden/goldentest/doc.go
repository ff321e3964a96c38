// Package goldentest starts clusters of this house's node natively and holds them against recordings, for tests.
//
// Its place in the house: it knows how nodes are built and started; what is compared, and how, is package golden's.
package goldentest
