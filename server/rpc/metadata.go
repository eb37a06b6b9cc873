package rpc

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
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
	mdResume      = "resume-token"
	mdRoute       = "route-id"
	mdRoutePoints = "route-points"
	mdChat        = "chat-id"
	mdChatNotes   = "chat-notes"
)

const mdAuthorization = "authorization" // a key; key_service.proto says how

// secret is long enough for 128 random bits, as long as its characters are random.
var secret = regexp.MustCompile(`^[A-Za-z0-9_-]{22,64}$`)

var publicNames = base32.StdEncoding.WithPadding(base32.NoPadding)

// value returns the request metadata called key, or "".
func value(ctx context.Context, key string) string {
	if v := metadata.ValueFromIncomingContext(ctx, key); len(v) > 0 {
		return v[0]
	}
	return ""
}

// travelerName returns the display name of who calls, who may write under it. Metadata is ASCII: other characters come
// percent-encoded.
func travelerName(ctx context.Context) (string, error) {
	raw := value(ctx, mdTraveler)
	name, err := url.PathUnescape(raw)
	if err != nil {
		return "", invalid(mdTraveler, "%q is not percent-encoded UTF-8", raw)
	}
	if !utf8.ValidString(name) || utf8.RuneCountInString(name) > maxTraveler {
		return "", invalid(mdTraveler, "a name has 1 to 64 characters of UTF-8")
	}
	for _, r := range name {
		if unicode.IsControl(r) {
			return "", invalid(mdTraveler, "a name has no control characters")
		}
	}
	return name, scopeOf(ctx).writes(mdTraveler, name)
}

// A resume is the secret that a call may be gone on with; its hash, which alone is stored; and the public name, made of that
// hash, so that every call with the secret has the same one.
type resume struct {
	token string
	hash  [sha256.Size]byte
	name  string
}

// resumeToken returns the secret that the client gave, or a new one. Public names give no right to go on.
func resumeToken(ctx context.Context) (resume, error) {
	for _, name := range []string{mdRoute, mdChat} {
		if value(ctx, name) != "" {
			return resume{}, invalid(name, "it is public and resumes nothing; send the %s of the call", mdResume)
		}
	}
	token := value(ctx, mdResume)
	if token == "" {
		token = rand.Text()
	} else if !secret.MatchString(token) {
		return resume{}, invalid(mdResume, "it is not 22 to 64 of the characters A-Z a-z 0-9 _ -")
	}
	return resumeOf(token), nil
}

func resumeOf(token string) resume {
	hash := sha256.Sum256([]byte(token))
	again := sha256.Sum256(hash[:])
	return resume{token, hash, publicNames.EncodeToString(again[:16])}
}

// chatNotes returns the number of the first note that the call will send, where the client says it.
func chatNotes(ctx context.Context) (first uint32, given bool, err error) {
	raw := value(ctx, mdChatNotes)
	if raw == "" {
		return 0, false, nil
	}
	n, err := strconv.ParseInt(raw, 10, 32)
	if err != nil || n < 0 {
		return 0, false, invalid(mdChatNotes, "%q is not a whole number from 0", raw)
	}
	return uint32(n), true, nil
}
