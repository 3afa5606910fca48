"""kubectl against the tests' control plane, as administrator."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lab.control_plane import Endpoints


class ClusterError(Exception):
    """Something of the cluster did not come about; the text says what was waited for."""


@dataclass(frozen=True)
class Kubectl:
    endpoints: Endpoints

    def run(self, *arguments: str, stdin: str | None = None) -> str:
        """Its stdout; it must succeed."""
        done = subprocess.run([self.endpoints.kubectl, *arguments], input=stdin,
                              capture_output=True, text=True, timeout=60, env=self.environment())
        if done.returncode != 0:
            raise ClusterError(f"`kubectl {' '.join(arguments)}` ended with {done.returncode}: "
                               f"{done.stderr.strip()}")
        return done.stdout

    def environment(self) -> dict[str, str]:
        return os.environ | {"KUBECONFIG": self.endpoints.admin_kubeconfig,
                             "KUBECACHEDIR": f"{self.endpoints.logs}/kubectl-cache"}
