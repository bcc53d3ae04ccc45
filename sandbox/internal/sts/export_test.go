package sts

// OneTimePassword lets tests hold a device; it is itself held against the RFC's vectors.
var OneTimePassword = totp
