package membership

import "muster/nodes/rpc"

// MemberReportRequest tells a peer that the sender lives (Nacos: MemberReportRequest).
type MemberReportRequest struct {
	Node ReportedMember `json:"node"`
}

// MemberReportResponse answers it with the receiver.
type MemberReportResponse struct {
	rpc.Result
	Node ReportedMember `json:"node"`
}

// ReportedMember is a member as it describes itself (Nacos: Member, as far as peers need it).
type ReportedMember struct {
	IP      string `json:"ip"`
	Port    int    `json:"port"`
	State   State  `json:"state"`
	Address string `json:"address"`
}
