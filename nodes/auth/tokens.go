package auth

import (
	"errors"
	"fmt"
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

// read is whose token this is.
func (g *Guard) read(text string) (string, error) {
	var claims jwt.RegisteredClaims
	_, err := jwt.ParseWithClaims(text, &claims, func(*jwt.Token) (any, error) { return g.key, nil },
		jwt.WithValidMethods([]string{g.method().Alg()}), jwt.WithExpirationRequired())
	switch {
	case errors.Is(err, jwt.ErrTokenExpired):
		return "", TokenExpired
	case err != nil:
		return "", TokenInvalid
	}
	return claims.Subject, nil
}
