// Command moto stands in for moto_server in the test of the comparison with it: it takes the same flags, and answers
// every request after the third with status 200.
package main

import (
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync/atomic"
)

func main() {
	host := flag.String("H", "", "the address to serve at")
	port := flag.String("p", "", "the port")
	flag.Parse()
	if err := serve(net.JoinHostPort(*host, *port)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(address string) error {
	var asked atomic.Int64
	return http.ListenAndServe(address, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) <= 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
}
