"""End-to-end tests: real control plane, real kernel, real packets; kube-ipvs in between."""
