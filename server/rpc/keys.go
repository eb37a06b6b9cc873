package rpc

import (
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/timestamppb"

	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/key"
)

const (
	maxKeyName = 200 // characters
	maxRouteID = 128 // bytes
)

type keyService struct {
	routeguidev1.UnsafeKeyServiceServer
	keys *key.Book
}

func (s *keyService) CreateKey(ctx context.Context, r *routeguidev1.CreateKeyRequest) (*routeguidev1.CreateKeyResponse, error) {
	k, err := newKey(r.Key)
	if err != nil {
		return nil, err
	}
	made, secret, err := s.keys.Create(ctx, k)
	if err != nil {
		return nil, err
	}
	return &routeguidev1.CreateKeyResponse{Key: keyMessage(made), Secret: secret}, nil
}

func (s *keyService) ListKeys(_ context.Context, r *routeguidev1.ListKeysRequest) (*routeguidev1.ListKeysResponse, error) {
	size, err := pageSize(r.PageSize)
	if err != nil {
		return nil, err
	}
	before, err := parseCursor(inKeys, "page_token", r.PageToken)
	if err != nil {
		return nil, err
	}
	keys, next := s.keys.List(before, size)
	resp := &routeguidev1.ListKeysResponse{}
	for _, k := range keys {
		resp.Keys = append(resp.Keys, keyMessage(k))
	}
	if next != 0 {
		resp.NextPageToken = token(inKeys, next)
	}
	return resp, nil
}

func (s *keyService) RevokeKey(ctx context.Context, r *routeguidev1.RevokeKeyRequest) (*routeguidev1.Key, error) {
	if r.Id == "" {
		return nil, invalid("id", "is required")
	}
	k, err := s.keys.Revoke(ctx, r.Id)
	if err != nil {
		return nil, err
	}
	return keyMessage(k), nil
}

func (s *keyService) GetCaller(ctx context.Context, _ *routeguidev1.GetCallerRequest) (*routeguidev1.Caller, error) {
	return callOf(ctx).caller.message(), nil
}

func (who caller) message() *routeguidev1.Caller {
	m := &routeguidev1.Caller{Role: routeguidev1.Role(who.role)}
	if who.key != nil {
		m.Key = keyMessage(*who.key)
	}
	return m
}

// newKey checks what a key shall be.
func newKey(m *routeguidev1.Key) (k key.Key, err error) {
	if m == nil {
		return k, invalid("key", "is required")
	}
	for _, made := range []struct {
		field string
		set   bool
	}{
		{"id", m.Id != ""}, {"create_time", m.CreateTime != nil}, {"last_use_time", m.LastUseTime != nil}, {"revoke_time", m.RevokeTime != nil},
	} {
		if made.set {
			return k, invalid("key."+made.field, "is made by the server")
		}
	}
	if err := keyName("key.name", m.Name, maxKeyName); err != nil {
		return k, err
	}
	k.Name, k.Role = m.Name, key.Role(m.Role)
	if k.Role < key.View || k.Role > key.Admin {
		return k, invalid("key.role", "is required: ROLE_VIEW, ROLE_WRITE or ROLE_ADMIN")
	}
	if k.Expires, err = moment("key.expire_time", m.ExpireTime); err != nil {
		return k, err
	}
	if !k.Expires.IsZero() && !k.Expires.After(time.Now()) {
		return k, invalid("key.expire_time", "has passed")
	}
	if k.Limit, err = keyLimit(m); err != nil {
		return k, err
	}
	if k.Role == key.Admin && k.Limit != (key.Limit{}) {
		return k, invalid("key.role", "a key for admins cannot be limited")
	}
	return k, nil
}

func keyLimit(m *routeguidev1.Key) (l key.Limit, err error) {
	switch limit := m.Limit.(type) {
	case *routeguidev1.Key_Area:
		area, err := rect("key.area", limit.Area)
		if err != nil {
			return l, err
		}
		l.Area = &area
	case *routeguidev1.Key_Route:
		if l.Route = limit.Route; l.Route == "" || len(l.Route) > maxRouteID {
			return l, invalid("key.route", "has %d bytes, not 1 to %d", len(l.Route), maxRouteID)
		}
	case *routeguidev1.Key_Traveler:
		if err := keyName("key.traveler", limit.Traveler, maxTraveler); err != nil {
			return l, err
		}
		l.Traveler = limit.Traveler
	}
	if l.Sight = key.Sight(m.Sight); l.Sight < key.All || l.Sight > key.Past {
		return l, invalid("key.sight", "%d is no sight", int32(m.Sight))
	}
	l.From, err = moment("key.history_start", m.HistoryStart)
	return l, err
}

// keyName checks a name that people read, which the field names.
func keyName(field, name string, most int) error {
	switch n := utf8.RuneCountInString(name); {
	case n == 0 || n > most:
		return invalid(field, "has %d characters, not 1 to %d", n, most)
	case strings.ContainsFunc(name, unicode.IsControl):
		return invalid(field, "has control characters")
	}
	return nil
}

func keyMessage(k key.Key) *routeguidev1.Key {
	m := &routeguidev1.Key{
		Id: k.ID, Name: k.Name, Role: routeguidev1.Role(k.Role), ExpireTime: optionalTime(k.Expires),
		Sight: routeguidev1.Sight(k.Limit.Sight), HistoryStart: optionalTime(k.Limit.From),
		CreateTime: optionalTime(k.Created), LastUseTime: optionalTime(k.Used), RevokeTime: optionalTime(k.Revoked),
	}
	switch l := k.Limit; {
	case l.Area != nil:
		m.Limit = &routeguidev1.Key_Area{Area: boundsMessage(*l.Area)}
	case l.Route != "":
		m.Limit = &routeguidev1.Key_Route{Route: l.Route}
	case l.Traveler != "":
		m.Limit = &routeguidev1.Key_Traveler{Traveler: l.Traveler}
	}
	return m
}

// optionalTime returns a time that is not set where it is zero.
func optionalTime(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}
