// CoreDNS with only the plugins that the tests' Corefile names. Leaving the cloud plugins out
// spares their SDKs: a tenth of the modules to fetch and a fraction of the time to build.
package main

import (
	_ "github.com/coredns/coredns/plugin/bind"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/ready"

	"github.com/coredns/coredns/coremain"
)

func main() {
	coremain.Run()
}
