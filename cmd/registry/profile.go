package main

import (
	"muster/nodes/distro"
	"muster/nodes/liveness"
	"muster/nodes/membership"
	"muster/nodes/push"
	"muster/nodes/registry"
)

// What a profile settles beyond what registry and openapi are told of it.

// pushes is how the profile writes what is pushed over UDP.
func (s settings) pushes(state *registry.Registry) push.Format {
	if s.profile == registry.Nacos1 {
		return push.UDPList(state)
	}
	return push.UDP(state)
}

// membership is what makes a member DOWN.
func (s settings) membership(config membership.Config) membership.Config {
	config.DownWhenRefused = s.profile == registry.Nacos1
	return config
}

// liveness is when the profile checks instances.
func (s settings) liveness(options liveness.Options) liveness.Options {
	if s.profile == registry.Nacos1 {
		options.Since = options.Registry.ServiceSince
	}
	return options
}

// distro is what the profile compares.
func (s settings) distro(config distro.Config) distro.Config {
	config.Lists = s.profile == registry.Nacos1
	return config
}
