"""The state of a run on disk, so that a kill costs minutes and changes nothing.

Responsible for weights, AdamW moments and losses in one safetensors file, replaced
atomically. Must not know what is being trained.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from skillrouter_core.errors import TrainingError
from skillrouter_core.train.config import TrainConfig

_MOMENTS = ("exp_avg", "exp_avg_sq")


@dataclass(slots=True)
class Past:
    """What a run did until now: the loss of every step, and the seconds it trained."""

    losses: list[float]
    seconds: float = 0.0


class Checkpoint:
    """Weights, AdamW moments and losses of a run; a kill leaves the last whole file."""

    def __init__(
        self,
        folder: Path,
        trained: dict[str, torch.nn.Parameter],
        optimizer: torch.optim.Optimizer,
        config: TrainConfig,
    ) -> None:
        """Bind the run's live tensors to its folder."""
        self._folder, self._trained, self._optimizer = folder, trained, optimizer
        self._config = config

    def save(self, past: Past) -> None:
        """Write the state after `len(past.losses)` steps; the newest whole file wins at load."""
        self._folder.mkdir(parents=True, exist_ok=True)
        tensors = {f"weight.{name}": value.detach() for name, value in self._trained.items()}
        for name, parameter in self._trained.items():
            state = self._optimizer.state[parameter]  # empty where nothing reached the parameter
            tensors |= {f"{part}.{name}": state[part] for part in _MOMENTS if part in state}
        note = {
            "config": json.dumps(asdict(self._config)),
            "losses": json.dumps(past.losses),
            "seconds": str(past.seconds),
        }
        part = self._folder / "state.part"
        save_file({key: value.contiguous() for key, value in tensors.items()}, part, note)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(self._folder / "state.safetensors")

    def load(self) -> Past:
        """Restore the state and return the past; an empty one at a fresh start.

        Raises TrainingError if the checkpoint belongs to a run with other hyperparameters.
        """
        path = self._folder / "state.safetensors"
        if not path.is_file():
            return Past([])
        note = _metadata(path)
        if _config(note["config"]) != self._config:
            raise TrainingError(
                f"{path} belongs to a run with other settings {note['config']}. "
                f"Train into another folder, or delete the checkpoint."
            )
        past = Past(json.loads(note["losses"]), float(note.get("seconds", 0.0)))
        self._restore(load_file(path), len(past.losses))
        return past

    def _restore(self, tensors: dict[str, torch.Tensor], steps: int) -> None:
        with torch.no_grad():
            for name, parameter in self._trained.items():
                parameter.copy_(tensors[f"weight.{name}"])
                if f"exp_avg.{name}" in tensors:
                    moments = {part: tensors[f"{part}.{name}"] for part in _MOMENTS}
                    self._optimizer.state[parameter] = {
                        "step": torch.tensor(float(steps)),
                        **{part: value.to(parameter.device) for part, value in moments.items()},
                    }


def _metadata(path: Path) -> dict[str, str]:
    with safe_open(path, framework="pt") as file:
        return dict(file.metadata())


def _config(text: str) -> TrainConfig | None:
    """Return a checkpoint's settings; those it does not know yet have their defaults."""
    values: dict[str, Any] = json.loads(text)
    try:
        return TrainConfig(**values)
    except TypeError:
        return None
