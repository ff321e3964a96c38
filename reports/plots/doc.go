// Package plots draws a run's pictures, and those of many runs, as SVG: plain data in, a Picture out.
//
// All pictures of one run share a Timeline: one axis of true time with equal margins, and the fault windows shaded in each of
// them, so that a moment stands at the same place in every picture and a page can lay marks over them (Timeline.Fraction).
// Colours come from one palette that has a light and a dark face; equal input gives equal bytes.
//
// It is the reports' pencil: it knows neither run folders nor verdicts nor HTML, and reads no files.
package plots
