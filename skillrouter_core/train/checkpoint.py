"""The state of a run on disk, so that a kill costs minutes and changes nothing.

Responsible for weights, AdamW moments and losses in one safetensors file, replaced
atomically. Must not know what is being trained.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from skillrouter_core.errors import TrainingError
from skillrouter_core.train.config import TrainConfig


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
        self._config = asdict(config)

    def save(self, losses: list[float]) -> None:
        """Write the state after `len(losses)` steps; the newest whole file wins at load."""
        self._folder.mkdir(parents=True, exist_ok=True)
        tensors = {f"weight.{name}": value.detach() for name, value in self._trained.items()}
        for name, parameter in self._trained.items():
            state = self._optimizer.state[parameter]
            tensors |= {f"{part}.{name}": state[part] for part in ("exp_avg", "exp_avg_sq")}
        note = {"config": json.dumps(self._config), "losses": json.dumps(losses)}
        part = self._folder / "state.part"
        save_file({key: value.contiguous() for key, value in tensors.items()}, part, note)
        part.replace(self._folder / "state.safetensors")

    def load(self) -> list[float]:
        """Restore the state and return the losses so far; an empty list at a fresh start.

        Raises TrainingError if the checkpoint belongs to a run with other hyperparameters.
        """
        path = self._folder / "state.safetensors"
        if not path.is_file():
            return []
        note = _metadata(path)
        if json.loads(note["config"]) != self._config:
            raise TrainingError(
                f"{path} belongs to a run with other settings {note['config']}. "
                f"Train into another folder, or delete the checkpoint."
            )
        losses: list[float] = json.loads(note["losses"])
        self._restore(load_file(path), len(losses))
        return losses

    def _restore(self, tensors: dict[str, torch.Tensor], steps: int) -> None:
        with torch.no_grad():
            for name, parameter in self._trained.items():
                parameter.copy_(tensors[f"weight.{name}"])
                self._optimizer.state[parameter] = {
                    "step": torch.tensor(float(steps)),
                    "exp_avg": tensors[f"exp_avg.{name}"].to(parameter.device),
                    "exp_avg_sq": tensors[f"exp_avg_sq.{name}"].to(parameter.device),
                }


def _metadata(path: Path) -> dict[str, str]:
    with safe_open(path, framework="pt") as file:
        return dict(file.metadata())
