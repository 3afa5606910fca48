"""The lab: nodes, pods and an outside client on a real kernel with IPVS. See README.md."""
