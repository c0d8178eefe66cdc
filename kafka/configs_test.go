package kafka

import (
	"errors"
	"maps"
	"testing"

	"github.com/evenkeel/evenkeel/cluster"
)

func TestConfigs(t *testing.T) {
	setting := func(m *message, code int16, kind int8, name, value string) {
		m.int16(code).int8(0).int8(kind).compact(name)
		if code != 0 {
			m.int8(1).int8(0)
			return
		}
		m.int8(2).compact("min.insync.replicas").compact(value).int8(0).int8(1).int8(0).int8(1).int8(3).int8(0).int8(0).int8(0)
	}
	f := newKRaft(t, func(r received) answer {
		m := new(message).int8(0).int32(0)
		if r.body[2] == 4 { // a broker
			setting(m.int8(2), 0, 4, "3", "1")
		} else {
			m.int8(5)
			setting(m, 0, 2, "orders", "2")
			setting(m, 3, 2, "gone", "")
			setting(m, 29, 2, "secret", "")
			setting(m, 0, 2, "not asked for", "7")
		}
		return m.int8(0).answer()
	})
	c := newTestClient(t)
	told, refused, err := c.TopicConfigs(within(t), f.node(0), []string{"orders", "gone", "secret", "forgotten"}, "min.insync.replicas")
	if err != nil || !maps.Equal(told, map[string]string{"orders": "2"}) || len(refused) != 3 {
		t.Fatalf("TopicConfigs = %v, %v, %v", told, refused, err)
	}
	if !IsUnknownTopic(refused["gone"]) || Reason(refused["secret"]) != cluster.ReasonPermission || !errors.Is(refused["forgotten"], errNoSetting) {
		t.Errorf("refused: %v", refused)
	}
	if got, err := c.BrokerConfig(within(t), f.node(0), "min.insync.replicas"); got != "1" || err != nil {
		t.Errorf("BrokerConfig = %q, %v; want 1", got, err)
	}
	if got, err := c.BrokerConfig(within(t), f.node(0), "no.such.setting"); got != "" || !errors.Is(err, errNoSetting) {
		t.Errorf("BrokerConfig of what is not told = %q, %v", got, err)
	}
	before := len(f.seen())
	if told, refused, err := c.TopicConfigs(within(t), f.node(0), nil, "min.insync.replicas"); len(told)+len(refused) > 0 || err != nil || len(f.seen()) != before {
		t.Errorf("TopicConfigs of no topics = %v, %v, %v", told, refused, err)
	}
}
