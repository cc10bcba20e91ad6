"""Training on cached streams, with the recurrent state carried from chunk to chunk."""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from . import model as net
from . import normalise
from .calibrate import calibrate
from .layout import ARTICULATION, LOOKAHEAD_TICKS, LOOKS
from .logmel import BANDS, FRAMES_PER_TICK

LOG = logging.getLogger(__name__)

BATCH = 40
CHUNK_TICKS = 75
WARM_UP = 0.04
WEIGHT_DECAY = 1e-3
GRADIENT_NORM = 1.0
MASKED = 8
AVERAGE = 0.998
"""Decay of the running average of the weights that is exported."""


@dataclass(frozen=True)
class Weights:
    """Weights of the terms of the loss, found by trial on the training voices."""

    speech: float = 1.0
    closure: float = 1.0
    labiodental: float = 0.4
    teeth: float = 0.2
    tongue: float = 0.2
    shape: float = 4.0
    final: float = 8.0
    width: float = 1.5
    protrusion: float = 1.5
    visemes: float = 0.3


class Phase(NamedTuple):
    """A stretch of the training, from a high learning rate to none, on the streams of a world, for
    a share of the epochs.
    """

    world: str
    share: float
    rate: float


PHASES = (Phase("calm", 1.0, 2.5e-3), Phase("harsh", 0.4, 8e-4))


def equalise(mel: Tensor, generator: torch.Generator) -> Tensor:
    """Random gain and smooth colour per stream: -6 .. +6 dB in all, up to a few dB per band."""
    size = mel.shape[0]
    position = torch.linspace(-1.0, 1.0, BANDS)
    waves = torch.stack([torch.cos(math.pi * n * (position + 1.0) / 2.0) for n in range(4)])
    spread = torch.tensor([0.7, 0.4, 0.3, 0.2])
    amount = torch.randn(size, 4, generator=generator) * spread
    return torch.clamp(mel + (amount @ waves).unsqueeze(1), min=math.log(1e-5))


def mask_bands(features: Tensor, generator: torch.Generator) -> Tensor:
    """Silence up to MASKED neighbouring bands in half of the streams, so that no band is needed."""
    size = features.shape[0]
    first = torch.randint(-BANDS, BANDS, (size, 1), generator=generator)
    count = torch.randint(1, MASKED + 1, (size, 1), generator=generator)
    band = torch.arange(BANDS)
    hidden = (first >= 0) & (band >= first) & (band < first + count)
    return features * (~hidden).unsqueeze(1)


def viseme_balance(wanted: np.ndarray) -> Tensor:
    """Weight of each viseme: the rare ones count more, by the root of how rare they are, up to
    three times.
    """
    share = wanted[..., len(ARTICULATION) :].mean(axis=(0, 1), dtype=np.float64)
    return torch.from_numpy(np.clip(np.sqrt(1.0 / len(share) / share), 0.4, 3.0).astype(np.float32))


def loss_of(logits: Tensor, wanted: Tensor, weights: Weights, balance: Tensor) -> Tensor:
    """Loss of logits (batch, ticks, LOOKS, 23) against targets of the same shape."""
    coords, free = net.shape_outputs(logits, net.UNSTRETCHED)
    speech = wanted[..., net.SPEECH]
    closed = wanted[..., net.CLOSURE]
    final = wanted[..., net.OPENNESS] * (1.0 - closed) * speech
    loss = weights.final * functional.mse_loss(coords[..., net.OPENNESS], final)
    shape_error = (free[..., 0] - wanted[..., net.OPENNESS]).square() * speech
    loss = loss + weights.shape * shape_error.mean()
    for column, weight in ((net.WIDTH, weights.width), (net.PROTRUSION, weights.protrusion)):
        loss = loss + weight * functional.mse_loss(
            coords[..., column], wanted[..., column] * speech
        )
    for name in ("speech", "closure", "labiodental", "teeth", "tongue"):
        column = ARTICULATION.index(name)
        entropy = functional.binary_cross_entropy_with_logits(
            logits[..., column], wanted[..., column]
        )
        loss = loss + getattr(weights, name) * entropy
    visemes = slice(len(ARTICULATION), None)
    surprise = -functional.log_softmax(logits[..., visemes], dim=-1)
    chosen = (balance * wanted[..., visemes] * surprise).sum(-1)
    return loss + weights.visemes * chosen.mean()


def looked_back(wanted: Tensor) -> Tensor:
    """What calls are to say: (batch, ticks, 23) to (batch, ticks, LOOKS, 23), the newest first."""
    most, ticks = LOOKAHEAD_TICKS + LOOKS - 1, wanted.shape[1]
    late = torch.cat([wanted[:, :1].expand(-1, most, -1), wanted], dim=1)
    return torch.stack([late[:, i : i + ticks] for i in reversed(range(LOOKS))], dim=2)


def rate_at(progress: float) -> float:
    """Share of the learning rate at `progress` 0..1: a linear rise, then half a cosine."""
    if progress < WARM_UP:
        return progress / WARM_UP
    return 0.5 + 0.5 * math.cos(math.pi * (progress - WARM_UP) / (1.0 - WARM_UP))


class Trainer:
    """Holds network, optimiser and the running average of the weights."""

    def __init__(
        self, folder: Path, seed: int, epochs: float, phase: Phase, without: Container[str] = ()
    ) -> None:
        torch.manual_seed(seed)
        folder = folder / phase.world
        self.mel = np.load(folder / "mel.npy", mmap_mode="r")
        self.wanted = np.load(folder / "targets.npy", mmap_mode="r")
        kinds = json.loads((folder / "streams.json").read_text())
        self.rows = np.array([row for row, kind in enumerate(kinds) if kind not in without])
        self.shuffle = np.random.default_rng(seed)
        self.noise = torch.Generator().manual_seed(seed)
        self.encoder, self.average = net.Encoder(), net.Encoder()
        self.begin_with(self.encoder)
        self.optimiser = torch.optim.AdamW(
            self.encoder.parameters(), lr=phase.rate, weight_decay=WEIGHT_DECAY
        )
        self.phase = phase
        self.batches = max(1, round(epochs * phase.share * len(self.rows) / BATCH))
        self.balance = viseme_balance(self.wanted)

    def begin_with(self, encoder: net.Encoder) -> None:
        """Take over the weights of `encoder`."""
        self.encoder.load_state_dict(encoder.state_dict())
        self.average.load_state_dict(encoder.state_dict())

    def _batch(self, number: int) -> tuple[Tensor, Tensor]:
        per_epoch = max(1, len(self.rows) // BATCH)
        if number % per_epoch == 0:
            self.order = self.shuffle.permutation(self.rows)
        start = number % per_epoch * BATCH
        rows = np.sort(self.order[start : start + BATCH])
        mel = torch.from_numpy(self.mel[rows].astype(np.float32))
        wanted = torch.from_numpy(self.wanted[rows].astype(np.float32))
        return equalise(mel, self.noise), looked_back(wanted)

    def _update(self, loss: Tensor, progress: float) -> None:
        for group in self.optimiser.param_groups:
            group["lr"] = self.phase.rate * rate_at(progress)
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.encoder.parameters(), GRADIENT_NORM)
        self.optimiser.step()
        decay = min(AVERAGE, 1.0 - 10.0 / (10.0 + progress * 1e4))
        with torch.no_grad():
            for mean, now in zip(self.average.parameters(), self.encoder.parameters()):
                mean.lerp_(now, 1.0 - decay)

    def _stream(self, number: int) -> float:
        mel, wanted = self._batch(number)
        with torch.no_grad():
            start = torch.zeros(len(mel), normalise.STATE)
            features, extras, _ = normalise.sequence(mel, start, normalise.soft_gate)
            features = mask_bands(features, self.noise)
        context = torch.zeros(len(mel), net.CONTEXT, BANDS)
        hidden = torch.zeros(len(mel), net.HIDDEN)
        total, chunks = 0.0, wanted.shape[1] // CHUNK_TICKS
        for chunk in range(chunks):
            ticks = slice(chunk * CHUNK_TICKS, (chunk + 1) * CHUNK_TICKS)
            frames = slice(ticks.start * FRAMES_PER_TICK, ticks.stop * FRAMES_PER_TICK)
            logits, context, hidden = self.encoder.sequence(
                features[:, frames], extras[:, ticks], context, hidden.detach()
            )
            loss = loss_of(logits, wanted[:, ticks], Weights(), self.balance)
            self._update(loss, (number + chunk / chunks) / self.batches)
            total += loss.item()
        return total / chunks

    def run(self) -> net.Encoder:
        """Train for the planned number of batches; returns the network with averaged weights."""
        began, recent = time.monotonic(), []
        for number in range(self.batches):
            recent.append(self._stream(number))
            if number % 25 == 24 or number + 1 == self.batches:
                spent = time.monotonic() - began
                LOG.info(
                    "train: batch %d/%d, loss %.4f, %.0f s",
                    number + 1,
                    self.batches,
                    np.mean(recent),
                    spent,
                )
                recent = []
        return self.average


def train(folder: Path, seed: int, epochs: float, without: Container[str] = ()) -> net.Encoder:
    """Train on the features in `folder` but those of the voices `without`, restore the range, keep
    the weights in `folder`/encoder.pt.
    """
    torch.set_num_threads(1)
    encoder: net.Encoder | None = None
    for number, phase in enumerate(PHASES):
        trainer = Trainer(folder, seed + number, epochs, phase, without)
        if encoder is not None:
            trainer.begin_with(encoder)
        encoder = trainer.run()
    assert encoder is not None
    calibrate(encoder, trainer.mel, trainer.wanted)
    torch.save(encoder.state_dict(), folder / "encoder.pt")
    return encoder


def load(folder: Path) -> net.Encoder:
    """The network that `train` kept."""
    encoder = net.Encoder()
    encoder.load_state_dict(torch.load(folder / "encoder.pt", weights_only=True))
    return encoder
