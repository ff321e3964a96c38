package scenarios

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/checker"
	"muster/model"
	"muster/model/run"
)

func TestValidate(t *testing.T) {
	require.NoError(t, small().Validate())
	cases := map[string]func(*Scenario){
		`name "Leader Isolated": want small letters`: func(s *Scenario) { s.Name = "Leader Isolated" },
		"no claim":                                  func(s *Scenario) { s.Claim = "" },
		"no profile: want nacos1 or nacos2":         func(s *Scenario) { s.Profiles = nil },
		`profile "nacos4": want nacos1 or nacos2`:   func(s *Scenario) { s.Profiles = []Profile{"nacos4"} },
		"0 nodes: want at least 1":                  func(s *Scenario) { s.Cluster.Nodes = 0 },
		"lasts 0s":                                  func(s *Scenario) { s.Lasts = 0 },
		"want at least one client":                  func(s *Scenario) { s.Load.EphemeralClients = 0 },
		"load: read_share is 2: want 0 to 1":        func(s *Scenario) { s.Load.ReadShare = 2 },
		"stops at 1m0s, but the run lasts only 10s": func(s *Scenario) { s.Load.Stop = time.Minute },
		"load: silence of client 9: want one of the ephemeral clients, 1 to 1": func(s *Scenario) { s.Load.Silences = []model.Silence{{Client: 9}} },
		"expects nothing":             func(s *Scenario) { s.Expect = nil },
		`unknown property "speed"`:    func(s *Scenario) { s.Expect = Expect{"speed": checker.Holds} },
		`expects "fine" of converged`: func(s *Scenario) { s.Expect = Expect{checker.Converged: "fine"} },
		"step 1 strikes as late as 12s, but the run lasts only 10s": func(s *Scenario) { s.Plan = Plan{Around(8*time.Second, 4*time.Second, Heal())} },
		"step 1: at -1s": func(s *Scenario) { s.Plan = Plan{At(-time.Second, Heal())} },
		"step 2 may strike at 3s, before step 1, which may come as late as 4s": func(s *Scenario) {
			s.Plan = Plan{Around(2*time.Second, 2*time.Second, Isolate(Leader)), At(3*time.Second, Heal())}
		},
	}
	for want, breakIt := range cases {
		t.Run(want, func(t *testing.T) {
			s := small()
			breakIt(&s)
			require.ErrorContains(t, s.Validate(), want)
		})
	}
}

func TestValidateFaults(t *testing.T) {
	cases := map[string]Fault{
		"isolate strikes nobody":                         Isolate(),
		"partition has 1 sides":                          Partition(Side(Leader)),
		"partition: side 2 is empty":                     Partition(Side(Leader), Side()),
		"cut has 0 sides":                                {Kind: run.KindCut},
		"heal names [leader]":                            {Kind: run.KindHeal, On: []Role{Leader}},
		`unknown kind of fault "flood"`:                  {Kind: "flood", On: []Role{Leader}},
		`role "node:4": want a node from 1 to 3`:         Crash(Node(4)),
		`role "king": want leader`:                       Crash("king"),
		"only what undoes a fault can name its victims":  Crash(Victims),
		"clock-offset: by nothing":                       ClockOffset(Leader, 0),
		"clock-jump: by nothing":                         ClockJump(Leader, 0),
		"clock-drift: of 0 ppm":                          ClockDrift(Leader, 0),
		"clock-drift: of -1e+06 ppm":                     ClockDrift(Leader, -1e6),
		"lossy-link: a share of 1.5":                     LossyLink(Everywhere, 1.5),
		"narrow-link: 0 bytes a second":                  NarrowLink(Everywhere, 0),
		"long-tail has 1 sides: want 2, or none":         LongTail([][]Role{{Leader}}, 0.1, time.Second),
		"majority-ring of 3 nodes: want 4 at least":      MajorityRing(),
		"bridge: over [leader follower]: want one role":  {Kind: run.KindBridge, On: []Role{Leader, Follower}},
		"pause has a period: only cuts come and go":      Flapping(Pause(Leader), time.Second),
		"cut with a period of -1s":                       Flapping(Cut(Leader, Follower), -time.Second),
		"kill rejects: only cuts do":                     Rejecting(Kill(Leader)),
		"clock-strobe: a period of 0s":                   ClockStrobe(Leader, time.Second, 0),
		"slow-cpu: a share of 0":                         SlowCPU(Leader, 0),
		"disk-errors: a share of -1":                     DiskErrors(Leader, -1),
		"full-disk: -1 bytes of room":                    FullDisk(Leader, -1),
		"bit-rot: of 0 bits":                             BitRot(Leader, 0),
		"slow-disk: a delay of 0s":                       SlowDisk(Leader, 0),
		`failpoint: of "neverExpire": want a name`:       Failpoint("neverExpire", Leader),
		"slow-link: a delay of -1s: want one above zero": SlowLink(Leader, Others, -time.Second),
	}
	for want, fault := range cases {
		t.Run(want, func(t *testing.T) {
			require.ErrorContains(t, small(At(time.Second, fault)).Validate(), want)
		})
	}
}

func TestScenariosAreData(t *testing.T) {
	s := small(Around(time.Second, time.Second, Partition(Side(Leader, Follower), Side(Others))), At(3*time.Second, Heal()))
	s.Cluster.Failpoints = map[string]string{"muster/nodes/distro/skipSync": "return(true)"}
	s.Load.ReadModes = []model.ReadMode{model.ReadLocal}
	text, err := s.JSON()
	require.NoError(t, err)
	again, err := Parse(text)
	require.NoError(t, err)
	require.Equal(t, s, again)

	_, err = Parse(nil)
	require.ErrorContains(t, err, "the run holds no scenario")
	_, err = Parse([]byte(`{"name":"small"}`))
	require.ErrorContains(t, err, "no claim")
}

func TestStreamsDoNotTouchEachOther(t *testing.T) {
	one := seeding{1, "calm"}
	require.Equal(t, one.stream("a").Uint64(), one.stream("a").Uint64())
	require.NotEqual(t, one.stream("a").Uint64(), one.stream("b").Uint64())
	require.NotEqual(t, one.stream("a").Uint64(), seeding{2, "calm"}.stream("a").Uint64())
	require.NotEqual(t, one.stream("a").Uint64(), seeding{1, "split"}.stream("a").Uint64())
}
