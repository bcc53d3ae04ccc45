//go:build ignore

// generate writes docs/lint.md from the rules.
package main

import (
	"log"
	"os"

	"github.com/pullpass/pullpass/internal/lint"
)

func main() {
	log.SetFlags(0)
	if err := os.WriteFile("../../docs/lint.md", []byte(lint.Markdown()), 0o644); err != nil {
		log.Panic(err)
	}
}
