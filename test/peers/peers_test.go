package peers

import "testing"

// TestPeers plays every scene with every AWS CLI that there is. What goes wrong and what is handed over are played under
// the real host names alone: the ways differ in how a request arrives, not in what is decided.
func TestPeers(t *testing.T) {
	found := findPrograms(t)
	played := &report{}
	played.keep(t, setting(t, "PEERS_REPORT"))
	for _, aws := range found.aws {
		perform := func(p play, w way) { p.perform(t, scene{programs: found, aws: aws, way: w, report: played}) }
		perform(thePage(), realNames)
		perform(theSimulator(), realNames)
		if knowsEndpoints(t, aws) {
			perform(thePage(), endpoint)
			perform(theProfiles(), services)
		}
		for _, m := range mistakes() {
			perform(m.play(), realNames)
		}
		for _, h := range handovers() {
			perform(h.play(), realNames)
		}
	}
}

func thePage() play { return play{name: "the page", act: followThePage} }
