package collectors

import (
	"errors"
	"fmt"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/kafka"
)

// take makes the picture of the view that was found, as far as it can be believed.
// The error says why it cannot.
func (r *reading) take(v *view) error {
	picture := v.metadata.Picture
	r.picture = cluster.Read(picture)
	if r.protocolOnly(v.identity) || !v.identity.TellsReplicas {
		leadersOnly(picture)
	}
	if r.protocolOnly(v.identity) || errors.Is(v.confirmed, errUnconfirmable) {
		r.unconfirmed = true
		r.registrations = cluster.Read(v.registered())
		r.setController(v)
		return nil
	}
	r.silent = v.silent()
	picture.MovesUnknown = v.confirmed != nil
	r.addMoves(picture, v.moves)
	if !r.trust.observe(time.Now(), v.confirmed == nil, r.sessionTimeout(v)) {
		forgetStates(picture)
		err := fmt.Errorf("%w: %w", errUnconfirmed, v.confirmed)
		if v.confirmed == nil {
			r.setController(v)
			err = errTooSoon
		}
		r.registrations = cluster.Failed[map[int32]*cluster.Registration](err)
		return err
	}
	r.registrations = cluster.Read(v.registered())
	r.setController(v)
	return nil
}

// silent says whether the broker could not get an answer from a controller. That
// another one speaks for it, or that we may not ask, proves nothing.
func (v *view) silent() bool {
	switch {
	case v.confirmed == nil, kafka.Reason(v.confirmed) == cluster.ReasonPermission:
		return false
	case kafka.IsNotController(v.confirmed):
		return v.metadata.Controller < 0
	default:
		return true
	}
}

// setController notes who the controller is. In KRaft brokers prove that there is
// one, and name any broker.
func (r *reading) setController(v *view) {
	switch c := v.metadata.Controller; {
	case r.protocolOnly(v.identity):
	case v.identity.Mode == cluster.ModeKRaft || r.mode == cluster.ModeKRaft:
		if v.confirmed == nil {
			r.controller = cluster.Read(cluster.Controller{Exists: true})
		}
	case v.confirmed == nil:
		r.controller = cluster.Read(cluster.Controller{ID: v.node.ID, Exists: true, Named: v.node.ID >= 0})
	case v.identity.NamesController:
		r.controller = cluster.Read(cluster.Controller{ID: c, Exists: c >= 0, Named: c >= 0})
	}
}

// judgeController says that there is no controller when none answered though most
// brokers do, once all of them have been heard.
func (r *reading) judgeController() {
	if r.silent && 2*r.heard > r.tried {
		r.controller = cluster.Read(cluster.Controller{})
	}
}

// sessionTimeout returns how long it takes the controller to find out that a broker
// died.
func (r *reading) sessionTimeout(v *view) time.Duration {
	switch {
	case r.session > 0:
		return r.session
	case v.identity.Mode == cluster.ModeKRaft:
		return sessionTimeoutKRaft
	default:
		return sessionTimeoutZooKeeper
	}
}

// registered returns the brokers of the same answer that has the partitions, so that
// both are of one moment, and adds those that are told to be fenced.
func (v *view) registered() map[int32]*cluster.Registration {
	if v.described == nil {
		return v.metadata.Brokers
	}
	for id, b := range v.described.Brokers {
		if v.metadata.Brokers[id] == nil && b.Fenced {
			v.metadata.Brokers[id] = b
		}
	}
	return v.metadata.Brokers
}
