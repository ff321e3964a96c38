package main

import (
	"context"
	"errors"
	"os"
	"time"
)

// clocks reads the clock.
func clocks() {
	begin := time.Now()
	time.Sleep(20 * time.Millisecond)
	took := time.Since(begin)
	say("slept long enough", took >= 20*time.Millisecond, took < 10*time.Second)
	say("wall and monotonic agree", (time.Now().Round(0).Sub(begin.Round(0))-time.Since(begin)).Abs() < time.Second)
	say("monotonic", begin.String() != begin.Round(0).String())
	say("since 2020", begin.Year() >= 2020)
	last := time.Now()
	back := 0
	for range 1000 {
		now := time.Now()
		if now.Before(last) {
			back++
		}
		last = now
	}
	say("went back", back)
	name, offset := begin.Zone()
	say("zone", name, offset, time.Local)
	where, err := time.LoadLocation("UTC")
	say("location", where, err)
	_, err = time.LoadLocation("Nowhere/Land")
	say("no location", err)
	time.Sleep(0)
	time.Sleep(-1)
	say("slept for nothing")
	at := time.Date(2024, 2, 30, 25, 61, 61, 1e9+5, time.UTC)
	say("date", at, at.Unix(), at.Truncate(time.Hour), at.Format(time.RFC1123Z))
}

// timers sets timers and tickers.
func timers() {
	begin := time.Now()
	late, early, middle := time.NewTimer(60*time.Millisecond), time.NewTimer(10*time.Millisecond), time.After(30*time.Millisecond)
	for range 3 {
		select {
		case <-late.C:
			say("late")
		case <-early.C:
			say("early")
		case <-middle:
			say("middle")
		}
	}
	say("took long enough", time.Since(begin) >= 60*time.Millisecond)

	ticker := time.NewTicker(5 * time.Millisecond)
	for range 3 {
		<-ticker.C
	}
	say("three ticks")
	time.Sleep(40 * time.Millisecond)
	ticker.Stop()
	say("ticks kept for who is late", len(ticker.C))
	select {
	case <-ticker.C:
		say("a tick after Stop")
	default:
		say("no tick after Stop")
	}
	ticker.Reset(time.Millisecond)
	<-ticker.C
	say("a tick after Reset")
	ticker.Stop()

	timer := time.NewTimer(time.Hour)
	say("stop", timer.Stop(), timer.Stop())
	say("reset", timer.Reset(time.Millisecond))
	<-timer.C
	say("stop when fired", timer.Stop())
	done := make(chan bool)
	time.AfterFunc(time.Millisecond, func() { close(done) })
	<-done
	say("AfterFunc")
	never := time.AfterFunc(time.Hour, func() { say("never") })
	say("stopped AfterFunc", never.Stop())
	var none <-chan time.Time
	select {
	case <-none:
	case <-time.After(time.Millisecond):
		say("a nil channel waits")
	}
	func() {
		defer func() { say("ticker", recover()) }()
		time.NewTicker(0)
	}()
}

// contexts ends contexts.
func contexts() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	<-ctx.Done()
	say("timeout", ctx.Err(), errors.Is(ctx.Err(), os.ErrDeadlineExceeded), context.Cause(ctx))
	cancel()
	say("cancel after", ctx.Err())
	ctx, cancel = context.WithCancel(context.Background())
	stop := context.AfterFunc(ctx, func() { say("never") })
	say("stopped", stop())
	cancel()
	say("cancelled", ctx.Err(), stop())
	why, give := context.WithCancelCause(context.Background())
	give(errors.New("a reason"))
	say("cause", why.Err(), context.Cause(why))
	late, cancel := context.WithDeadline(context.Background(), time.Now().Add(-time.Second))
	defer cancel()
	say("late", late.Err())
}
