"""Gives openness, width and protrusion back the range that a regression takes away.

The least squared error of an uncertain value is its mean, so predictions move less than lips do.
One line per output matches their mean and spread on speech with those of the targets; orders, and
so rank scores, stay.
"""

from __future__ import annotations

import logging

import numpy as np
import torch
from torch import Tensor

from . import model as net
from . import normalise
from .layout import LOOKAHEAD_TICKS, LOOKS
from .logmel import BANDS

LOG = logging.getLogger(__name__)

STREAMS = 96
MOST = 1.6
"""No output is stretched further than this."""
FREE_OF_CLOSURE = 0.2


def _predict(encoder: net.Encoder, mel: Tensor) -> Tensor:
    """Unstretched openness before its gates, width and protrusion: (batch, ticks, LOOKS, 3)."""
    size = len(mel)
    with torch.no_grad():
        features, extras, _ = normalise.sequence(
            mel, torch.zeros(size, normalise.STATE), normalise.soft_gate
        )
        zeros = torch.zeros(size, net.CONTEXT, BANDS), torch.zeros(size, net.HIDDEN)
        logits, _, _ = encoder.sequence(features, extras, *zeros)
        coords, free = net.shape_outputs(logits, encoder.stretch)
    return torch.cat([free, coords[..., net.WIDTH : net.PROTRUSION + 1]], dim=-1)


def calibrate(encoder: net.Encoder, mel: np.ndarray, wanted: np.ndarray) -> None:
    """Set `encoder.stretch` from the first STREAMS cached streams; expects it to be untouched."""
    heard = torch.from_numpy(mel[:STREAMS].astype(np.float32))
    target = torch.from_numpy(wanted[:STREAMS].astype(np.float32))
    said = _predict(encoder.eval(), heard)
    for look in range(LOOKS):
        delay = LOOKAHEAD_TICKS + look
        _calibrate_look(encoder, look, said[:, delay:, look], target[:, : said.shape[1] - delay])


def _calibrate_look(encoder: net.Encoder, look: int, said: Tensor, target: Tensor) -> None:
    """One look, of what it says (batch, ticks, 3) and should say (batch, ticks, 23)."""
    speaking = target[..., net.SPEECH] > 0.5
    for row, column in enumerate(net.STRETCHED):
        chosen = speaking & (target[..., net.CLOSURE] < FREE_OF_CLOSURE)
        ours, right = said[..., row][chosen], target[..., column][chosen]
        gain = min(MOST, float(right.std() / ours.std()))
        offset = float(right.mean() - gain * ours.mean())
        encoder.stretch[row, look] = torch.tensor([gain, offset])
        LOG.info("calibrate: look %d, output %d, gain %.3f, %+.3f", look, column, gain, offset)
