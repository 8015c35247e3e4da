"""Pairs and lists to model folders: `train_encoder` and `train_reranker`.

Responsible for the objectives, the loop, its checkpoints, and for writing what differs
from the base. Must not know where pairs come from, nor which model is in use.
"""

from skillrouter_core.train.config import TrainConfig, TrainReport
from skillrouter_core.train.encoder import train_encoder
from skillrouter_core.train.reranker import train_reranker

__all__ = ["TrainConfig", "TrainReport", "train_encoder", "train_reranker"]
