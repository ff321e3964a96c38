package auth

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// method is how tokens are signed: as strongly as the key is long (Nacos: NacosJwtParser).
func (g *Guard) method() *jwt.SigningMethodHMAC {
	switch bits := 8 * len(g.key); {
	case bits < 384:
		return jwt.SigningMethodHS256
	case bits < 512:
		return jwt.SigningMethodHS384
	}
	return jwt.SigningMethodHS512
}

// sign makes a token that says who somebody is, for as long as tokens hold.
func (g *Guard) sign(name string) (string, error) {
	token := jwt.NewWithClaims(g.method(), jwt.RegisteredClaims{Subject: name, ExpiresAt: jwt.NewNumericDate(time.Now().Add(g.life))})
	delete(token.Header, "typ") // Nacos takes headers with nothing but the algorithm
	text, err := token.SignedString(g.key)
	if err != nil {
		return "", fmt.Errorf("make a token for %q: %w", name, err)
	}
	return text, nil
}

// read is whose token this is, and until when it holds.
func (g *Guard) read(text string) (name string, until time.Time, err error) {
	var claims jwt.RegisteredClaims
	_, err = jwt.ParseWithClaims(text, &claims, func(*jwt.Token) (any, error) { return g.key, nil },
		jwt.WithValidMethods([]string{g.method().Alg()}), jwt.WithExpirationRequired())
	if err != nil {
		return "", until, g.refusal(text, err)
	}
	return claims.Subject, claims.ExpiresAt.Time, nil
}

// refusal says of a token that could not be read what Nacos says (NacosJwtParser.parse).
func (g *Guard) refusal(text string, problem error) Refusal {
	if errors.Is(problem, jwt.ErrTokenExpired) {
		return TokenExpired
	}
	parts := strings.Split(text, ".")
	if len(parts) != 3 || parts[2] == "" {
		return TokenInvalid
	}
	unread, _, err := jwt.NewParser().ParseUnverified(text, &jwt.RegisteredClaims{})
	switch {
	case err != nil || unread.Method.Alg() != g.method().Alg():
		return TokenForeign
	case errors.Is(problem, jwt.ErrTokenSignatureInvalid):
		return TokenForged
	}
	return TokenInvalid
}
