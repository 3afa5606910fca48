"""An OCI image from a folder, byte for byte the same for the same content.

Writes the image layout (image-spec 1.1) as one tar file that `ctr images import`, `podman load`, `kind load
image-archive` and `skopeo copy oci-archive:` take, with the file that `docker load` reads instead, as `docker save`
does. Names are sorted; owners are root; every time is `created`.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

_OCI = "application/vnd.oci.image"
_LAYOUT = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}'}


@dataclass(frozen=True)
class Image:
    """What the image is, beside its files. `created`: seconds since 1970."""

    name: str
    architecture: str
    created: int
    entrypoint: list[str]
    labels: dict[str, str] = field(default_factory=dict)


def write(rootfs: Path, image: Image, archive: Path) -> str:
    """Writes `archive` and returns the image's digest ("sha256:…")."""
    plain = _tar_of_folder(rootfs, image.created)
    layer = gzip.compress(plain, compresslevel=9, mtime=0)
    config = _json(_config(image, _digest(plain)))
    manifest = _json({
        "schemaVersion": 2,
        "mediaType": f"{_OCI}.manifest.v1+json",
        "config": _descriptor(f"{_OCI}.config.v1+json", config),
        "layers": [_descriptor(f"{_OCI}.layer.v1.tar+gzip", layer)],
        "annotations": image.labels,
    })
    index = _index(_descriptor(f"{_OCI}.manifest.v1+json", manifest) | {
        "platform": {"architecture": image.architecture, "os": "linux"}, "annotations": _names(image.name)})
    docker = _json([{"Config": _blob(config), "RepoTags": [full_name(image.name)], "Layers": [_blob(layer)]}])
    files = _LAYOUT | {"index.json": index, "manifest.json": docker}
    files |= {_blob(content): content for content in (layer, config, manifest)}
    archive.parent.mkdir(parents=True, exist_ok=True)
    archive.write_bytes(_tar_of_files(files, image.created))
    return _digest(manifest)


def join(archives: list[Path], name: str, archive: Path) -> str:
    """One image of several architectures from one archive of each; whoever pulls it gets theirs. Its digest."""
    files: dict[str, bytes] = {}
    manifests = []
    for each in archives:
        held = _files_of(each)
        files |= {path: content for path, content in held.items() if path.startswith("blobs/")}
        manifests += [{key: entry[key] for key in entry if key != "annotations"}
                      for entry in json.loads(held["index.json"])["manifests"]]
    inner = _index(*manifests)
    outer = _index(_descriptor(f"{_OCI}.index.v1+json", inner) | {"annotations": _names(name)})
    archive.write_bytes(_tar_of_files(files | _LAYOUT | {_blob(inner): inner, "index.json": outer}, 0))
    return _digest(inner)


def full_name(name: str) -> str:
    """With the registry. A kubelet's containerd looks for an image by no other name than this, and imports it
    by the one that the archive has."""
    first, slash, _ = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return name
    return f"docker.io/{name}" if slash else f"docker.io/library/{name}"


def layer_of(archive: Path) -> bytes:
    """The one compressed layer of an archive that `write` has made."""
    files = _files_of(archive)

    def blob(descriptor: dict[str, str]) -> bytes:
        return files["blobs/" + descriptor["digest"].replace(":", "/")]

    manifest = json.loads(blob(json.loads(files["index.json"])["manifests"][0]))
    return blob(manifest["layers"][0])


def _files_of(archive: Path) -> dict[str, bytes]:
    files = {}
    with tarfile.open(archive) as tar:
        for entry in tar:
            content = tar.extractfile(entry)
            assert content is not None
            files[entry.name] = content.read()
    return files


def _index(*manifests: dict[str, object]) -> bytes:
    return _json({"schemaVersion": 2, "mediaType": f"{_OCI}.index.v1+json", "manifests": list(manifests)})


def _names(name: str) -> dict[str, str]:
    return {"io.containerd.image.name": full_name(name), "org.opencontainers.image.ref.name": name}


def _config(image: Image, layer_digest: str) -> dict[str, object]:
    time = datetime.fromtimestamp(image.created, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "created": time,
        "architecture": image.architecture,
        "os": "linux",
        "config": {"Entrypoint": image.entrypoint, "Labels": image.labels,
                   "Env": ["PATH=/usr/bin"], "WorkingDir": "/"},
        "rootfs": {"type": "layers", "diff_ids": [layer_digest]},
        "history": [{"created": time, "created_by": "scripts/image"}],
    }


def _tar_of_folder(rootfs: Path, time: int) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(rootfs.rglob("*")):
            entry = tar.gettarinfo(path, arcname=str(path.relative_to(rootfs)))
            _make_neutral(entry, time)
            if entry.isreg():
                with path.open("rb") as content:
                    tar.addfile(entry, content)
            else:
                tar.addfile(entry)
    return stream.getvalue()


def _make_neutral(entry: tarfile.TarInfo, time: int) -> None:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mtime = time
    # What the owner may, everybody may, but writing: the umask of the builder must not show.
    entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644


def _tar_of_files(files: dict[str, bytes], time: int) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in sorted(files):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime, entry.mode = len(files[name]), time, 0o644
            tar.addfile(entry, io.BytesIO(files[name]))
    return stream.getvalue()


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def _blob(content: bytes) -> str:
    return "blobs/" + _digest(content).replace(":", "/")


def _descriptor(media_type: str, content: bytes) -> dict[str, object]:
    return {"mediaType": media_type, "digest": _digest(content), "size": len(content)}
