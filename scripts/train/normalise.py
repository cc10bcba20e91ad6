"""Causal level normalisation, the part of the encoder that is not learnt.

A running mean over about three seconds of *speech* is taken out of every band, so microphones,
gains and rooms look alike and a pause does not pull the mean down. What counts as speech is decided
by level alone: a tick must be near the recent peak, and peak and floor must differ (a fan has no
such range). Everything is a function of a small state that is all zeros at the start of a stream,
and every operation has an ONNX counterpart.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from .logmel import BANDS, FRAMES_PER_TICK

MEAN, COUNT, PEAK, FLOOR = slice(0, BANDS), BANDS, BANDS + 1, BANDS + 2
STATE = BANDS + 3
"""State columns: offset of the mean of each band, ticks counted, offsets of peak and floor."""

EXTRAS = 3
"""Level features per tick: distance to the peak, distance to the floor, absolute level."""

PRIOR_MEAN = -2.5
"""Log-mel of speech at about -26 dBFS, assumed until some was heard."""
PRIOR_PEAK = -11.5
PRIOR_FLOOR = 5.0
"""The first tick replaces both priors by its own level."""

MEMORY_TICKS = 75.0
PRIOR_TICKS = 4.0
"""How many ticks of speech the prior mean is worth."""
DRIFT = 0.02
"""Decay of the peak and rise of the floor per tick, in natural-log units: 2.2 dB/s."""
LOUD = (0.4, 0.7)
"""Where between floor and peak a tick begins to count, and counts in full."""
RANGE = (0.5, 1.0)
"""The same for peak minus floor: steady noise stays under 0.35, speech 5 dB above noise over it."""
FAINT = (-10.0, -9.0)
"""The same for the level: below about -70 dBFS of white noise nothing is taken for speech."""
CLIP_LOW, CLIP_HIGH, SCALE = 6.0, 6.0, 3.0


def ramp(value: Tensor, low: float, high: float) -> Tensor:
    """0 below `low`, 1 above `high`, straight between."""
    return torch.clamp((value - low) / (high - low), 0.0, 1.0)


def hard_gate(level: Tensor, peak: Tensor, floor: Tensor) -> Tensor:
    """Share 0..1 of a tick that counts as speech, at run time: exactly 0 in steady noise."""
    span = peak - floor
    return ramp((level - floor) / (span + 0.1), *LOUD) * ramp(span, *RANGE) * ramp(level, *FAINT)


def soft_gate(level: Tensor, peak: Tensor, floor: Tensor) -> Tensor:
    """The same in training, with soft edges that let noise and long pauses into the mean.

    The mean varies more, which is one more augmentation; two trainings with the hard gate (and
    other changes) were no better on voices that they never heard. At run time the hard gate is
    the right one: after two minutes of noise the soft one has taken it for speech.
    """
    near = torch.sigmoid(3.0 * (level - peak + 2.5))
    return near * torch.sigmoid(4.0 * (peak - floor - 1.5)) * torch.sigmoid(4.0 * (level + 9.5))


Gate = Callable[[Tensor, Tensor, Tensor], Tensor]


def step(mel: Tensor, state: Tensor, gate: Gate = hard_gate) -> tuple[Tensor, Tensor, Tensor]:
    """Normalise one tick.

    `mel` (batch, 4, 40) is raw log-mel, `state` (batch, STATE). Returns the features (batch, 4, 40)
    in [0, 4], where 0 is silence and 2 the mean of speech, the level features (batch, EXTRAS) and
    the next state.
    """
    average = mel.mean(dim=1)
    level = average.mean(dim=1, keepdim=True)
    peak = torch.maximum(level, state[:, PEAK : PEAK + 1] + (PRIOR_PEAK - DRIFT))
    floor = torch.minimum(level, state[:, FLOOR : FLOOR + 1] + (PRIOR_FLOOR + DRIFT))
    counted = gate(level, peak, floor)
    count = torch.clamp(state[:, COUNT : COUNT + 1] + counted, 0.0, MEMORY_TICKS)
    mean = state[:, MEAN]
    mean = mean + counted / (count + PRIOR_TICKS) * (average - PRIOR_MEAN - mean)
    centred = mel - PRIOR_MEAN - mean.unsqueeze(1)
    features = (torch.clamp(centred, -CLIP_LOW, CLIP_HIGH) + CLIP_LOW) / SCALE
    extras = torch.cat([(level - peak) / 4.0, (level - floor) / 4.0, (level + 5.0) / 5.0], dim=1)
    following = torch.cat([mean, count, peak - PRIOR_PEAK, floor - PRIOR_FLOOR], dim=1)
    return features, extras, following


def sequence(mel: Tensor, state: Tensor, gate: Gate = hard_gate) -> tuple[Tensor, Tensor, Tensor]:
    """Apply `step` along (batch, 4 * ticks, 40); returns features of that shape, extras, state."""
    features, extras = [], []
    for tick in torch.split(mel, FRAMES_PER_TICK, dim=1):
        scaled, levels, state = step(tick, state, gate)
        features.append(scaled)
        extras.append(levels)
    return torch.cat(features, dim=1), torch.stack(extras, dim=1), state
