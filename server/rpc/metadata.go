package rpc

import (
	"context"
	"crypto/rand"
	"net/url"
	"regexp"
	"strconv"
	"unicode"
	"unicode/utf8"

	"google.golang.org/grpc/metadata"
)

// The metadata of the contract; route_guide.proto says what each is for.
const (
	mdTraveler    = "traveler"
	mdRoute       = "route-id"
	mdRoutePoints = "route-points"
	mdChat        = "chat-id"
	mdChatNotes   = "chat-notes"
)

var identifier = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// value returns the request metadata called key, or "".
func value(ctx context.Context, key string) string {
	if v := metadata.ValueFromIncomingContext(ctx, key); len(v) > 0 {
		return v[0]
	}
	return ""
}

// traveler returns the display name of who calls. Metadata is ASCII: other characters come percent-encoded.
func traveler(ctx context.Context) (string, error) {
	raw := value(ctx, mdTraveler)
	name, err := url.PathUnescape(raw)
	if err != nil {
		return "", invalid(mdTraveler, "%q is not percent-encoded UTF-8", raw)
	}
	if !utf8.ValidString(name) || utf8.RuneCountInString(name) > 64 {
		return "", invalid(mdTraveler, "a name has 1 to 64 characters of UTF-8")
	}
	for _, r := range name {
		if unicode.IsControl(r) {
			return "", invalid(mdTraveler, "a name has no control characters")
		}
	}
	return name, nil
}

// callID returns the identifier that the client gave under key, or a new one.
func callID(ctx context.Context, key string) (string, error) {
	id := value(ctx, key)
	switch {
	case id == "":
		return rand.Text(), nil
	case !identifier.MatchString(id):
		return "", invalid(key, "%q is not 1 to 64 of the characters A-Z a-z 0-9 _ -", id)
	}
	return id, nil
}

// chatNotes returns the number of the first note that the call will send, and whether it goes on with a chat.
func chatNotes(ctx context.Context) (first int, resumed bool, err error) {
	raw := value(ctx, mdChatNotes)
	if raw == "" {
		return 0, false, nil
	}
	n, err := strconv.ParseInt(raw, 10, 32)
	if err != nil || n < 0 {
		return 0, false, invalid(mdChatNotes, "%q is not a whole number from 0", raw)
	}
	return int(n), true, nil
}
