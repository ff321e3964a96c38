// Package paramcheck refuses parameters that no request may hold, in Nacos's words (common/paramcheck/DefaultParamChecker).
//
// Its place in the house: whatever takes requests of SDKs in asks it first. It must not know how requests arrive.
package paramcheck
