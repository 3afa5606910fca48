"""The bill of materials of the image: an SPDX 2.3 document in JSON.

It names the program, the Debian packages that are linked into it, and those whose files stand beside it, each with
its version, and every file of the image with its SHA-256. The same content gives the same document.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path


@dataclass(frozen=True)
class Package:
    """A Debian package that the image has something of. `linked`: inside of the program."""

    name: str
    version: str
    architecture: str
    linked: bool

    @property
    def spdx_id(self) -> str:
        return "SPDXRef-Package-" + re.sub(r"[^A-Za-z0-9.-]", "-", self.name)

    @property
    def purl(self) -> str:
        return f"pkg:deb/debian/{self.name}@{self.version}?arch={self.architecture}&distro=bookworm"


def document(program_version: str, created: int, rootfs: Path, packages: list[Package]) -> str:
    """`created`: seconds since 1970. `rootfs`: the image's files."""
    files = [_file(path, rootfs) for path in sorted(rootfs.rglob("*")) if path.is_file()]
    content = json.dumps([files, [p.purl for p in packages]], sort_keys=True).encode()
    spdx = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"kube-ipvs-{program_version}",
        "documentNamespace": f"https://kube-ipvs.io/spdx/{hashlib.sha256(content).hexdigest()}",
        "creationInfo": {
            "created": datetime.fromtimestamp(created, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "creators": ["Tool: kube-ipvs-scripts-image"]},
        "packages": [_program(program_version)] + [_package(p) for p in packages],
        "files": files,
        "relationships": _relationships(packages, files),
    }
    return json.dumps(spdx, indent=1, sort_keys=True) + "\n"


def _program(version: str) -> dict[str, object]:
    return {"SPDXID": "SPDXRef-Package-kube-ipvs", "name": "kube-ipvs", "versionInfo": version,
            "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
            "licenseConcluded": "Apache-2.0", "licenseDeclared": "Apache-2.0",
            "copyrightText": "NOASSERTION", "supplier": "NOASSERTION"}


def _package(package: Package) -> dict[str, object]:
    return {"SPDXID": package.spdx_id, "name": package.name, "versionInfo": package.version,
            "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
            "licenseConcluded": "NOASSERTION", "licenseDeclared": "NOASSERTION",
            "copyrightText": "NOASSERTION", "supplier": "Organization: Debian",
            "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                              "referenceLocator": package.purl}]}


def _file(path: Path, rootfs: Path) -> dict[str, object]:
    name = "./" + str(path.relative_to(rootfs))
    content = path.read_bytes()
    return {"SPDXID": "SPDXRef-File-" + hashlib.sha256(name.encode()).hexdigest()[:16],
            "fileName": name, "licenseConcluded": "NOASSERTION",
            "licenseInfoInFiles": ["NOASSERTION"], "copyrightText": "NOASSERTION",
            "checksums": [{"algorithm": "SHA1", "checksumValue": hashlib.sha1(content).hexdigest()},
                          {"algorithm": "SHA256",
                           "checksumValue": hashlib.sha256(content).hexdigest()}]}


def _relationships(packages: list[Package],
                   files: list[dict[str, object]]) -> list[dict[str, object]]:
    program = "SPDXRef-Package-kube-ipvs"
    described = [("SPDXRef-DOCUMENT", "DESCRIBES", program)]
    described += [(program, "STATIC_LINK" if package.linked else "DEPENDS_ON", package.spdx_id)
                  for package in packages]
    described += [("SPDXRef-DOCUMENT", "DESCRIBES", str(file["SPDXID"])) for file in files]
    return [{"spdxElementId": first, "relationshipType": kind, "relatedSpdxElement": second}
            for first, kind, second in described]
