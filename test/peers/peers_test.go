package peers

import "testing"

// TestPeers plays every scene with every AWS CLI that there is. What goes wrong and what is handed over are
// played under the real host names alone: the ways differ in how a request arrives, not in what is decided.
func TestPeers(t *testing.T) {
	found := findPrograms(t)
	played := &report{}
	played.keep(t, setting(t, "PEERS_REPORT"))
	for _, aws := range found.aws {
		for _, way := range waysOf(t, aws) {
			thePage().perform(t, scene{programs: found, aws: aws, way: way, report: played})
		}
		for _, m := range mistakes() {
			m.play().perform(t, scene{programs: found, aws: aws, way: realNames, report: played})
		}
		for _, h := range handovers() {
			h.play().perform(t, scene{programs: found, aws: aws, way: realNames, report: played})
		}
	}
}

func thePage() play { return play{name: "the page", act: followThePage} }
