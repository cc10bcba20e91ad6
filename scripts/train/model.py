"""The streaming network: two convolutions, a gated recurrent unit, one hidden layer, gated outputs.

About 0.7 million parameters. `Encoder.sequence` runs whole clips for training; `Step` runs one
tick with an explicit state, which is what the ONNX file holds. Both agree but for the fading of the
state in silence, which only `Step` has; `export.py` checks that.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from . import normalise
from .layout import ARTICULATION, LOOKS, OUTPUTS
from .logmel import BANDS, FRAMES_PER_TICK
from .normalise import ramp

CONTEXT = 8
"""Earlier mel frames that the convolutions see beside the four new ones."""
CHANNELS = 128
FEATURES = 192
HIDDEN = 320
HEAD = 160
DROPOUT = 0.1

VOICE = (0.25, 0.6)
"""Speech probability at which the mouth begins to be allowed to move, and may move fully."""
FORGET = 0.05
"""Share of the recurrent state that fades per tick while nobody speaks.

Without it the state drifts in silences longer than those of the training (30 s), and the first word
after minutes of silence is missed. A faded state is the state at the start of a stream, so hours of
silence are like a second of it.
"""

STATE = CONTEXT * BANDS + normalise.STATE + HIDDEN
"""Width of the state row: convolution context, normaliser, recurrent state."""

OPENNESS, WIDTH, PROTRUSION, CLOSURE, LABIODENTAL, TEETH, TONGUE, SPEECH = range(len(ARTICULATION))


STRETCHED = (OPENNESS, WIDTH, PROTRUSION)
"""Outputs whose range is restored after training."""
UNSTRETCHED = torch.tensor([1.0, 0.0]).repeat(len(STRETCHED), LOOKS, 1)


def stretched(value: Tensor, line: Tensor, low: float) -> Tensor:
    """`value` (..., LOOKS, 1) on the line of each look (LOOKS, 2), a gain and an offset; kept in
    low .. 1.
    """
    return torch.clamp(value * line[:, :1] + line[:, 1:], low, 1.0)


def shape_outputs(logits: Tensor, stretch: Tensor) -> tuple[Tensor, Tensor]:
    """Turn logits (..., LOOKS, 23) into coordinates, and the openness before its gates.

    The openness can reach 0 and 1 exactly and is shut by the closure: a regressed openness shrinks
    to the mean, a probability does not. `stretch` (3, LOOKS, 2) gives openness, width and
    protrusion back the range that the regression took (`calibrate.py`). All articulation is
    multiplied by a gate of the speech probability, so silence is exactly the rest position.
    """
    probability = torch.sigmoid(logits[..., : len(ARTICULATION)])
    speech = probability[..., SPEECH : SPEECH + 1]
    closure = probability[..., CLOSURE : CLOSURE + 1]
    voice = ramp(speech, *VOICE)
    free = 1.2 * probability[..., OPENNESS : OPENNESS + 1] - 0.1
    free = stretched(free, stretch[0], 0.0)
    openness = free * (1.0 - ramp(closure, 0.2, 0.7)) * voice
    width = stretched(torch.tanh(logits[..., WIDTH : WIDTH + 1]), stretch[1], -1.0) * voice
    protrusion = stretched(probability[..., PROTRUSION : PROTRUSION + 1], stretch[2], 0.0) * voice
    others = probability[..., CLOSURE:SPEECH] * voice
    visemes = torch.softmax(logits[..., len(ARTICULATION) :], dim=-1)
    return torch.cat([openness, width, protrusion, others, speech, visemes], dim=-1), free


class Encoder(nn.Module):
    """Weights and the whole-clip forward pass."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(BANDS, CHANNELS, kernel_size=4, stride=2)
        self.second = nn.Conv1d(CHANNELS, FEATURES, kernel_size=5, stride=2)
        self.recurrent = nn.GRU(FEATURES + normalise.EXTRAS, HIDDEN, batch_first=True)
        self.hidden = nn.Linear(HIDDEN, HEAD)
        self.drop = nn.Dropout(DROPOUT)
        self.output = nn.Linear(HEAD, LOOKS * len(OUTPUTS))
        self.stretch: Tensor
        self.register_buffer("stretch", UNSTRETCHED.clone())

    def listen(self, features: Tensor) -> Tensor:
        """(batch, CONTEXT + 4 n, 40) features to (batch, n, FEATURES)."""
        narrow = self.drop(torch.relu(self.first(features.transpose(1, 2))))
        wide: Tensor = self.drop(torch.relu(self.second(narrow)).transpose(1, 2))
        return wide

    def head(self, hidden: Tensor) -> Tensor:
        """Recurrent state (..., HIDDEN) to logits (..., LOOKS, 23)."""
        logits: Tensor = self.output(self.drop(torch.relu(self.hidden(self.drop(hidden)))))
        return logits.unflatten(-1, (LOOKS, len(OUTPUTS)))

    def sequence(
        self, features: Tensor, extras: Tensor, context: Tensor, hidden: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Logits (batch, ticks, LOOKS, 23) of a normalised clip; the next context and hidden state.

        `features` (batch, 4 ticks, 40), `extras` (batch, ticks, EXTRAS), `context` (batch, CONTEXT,
        40), `hidden` (batch, HIDDEN).
        """
        joined = torch.cat([context, features], dim=1)
        heard = torch.cat([self.listen(joined), extras], dim=2)
        states, last = self.recurrent(heard, hidden.unsqueeze(0))
        return self.head(states), joined[:, -CONTEXT:], last[0]


class Step(nn.Module):
    """One tick: (mel, state) to (coords, state_out), as the C core calls it."""

    def __init__(self, encoder: Encoder, forget: float = FORGET) -> None:
        super().__init__()
        self.encoder = encoder
        self.forget = forget

    def advance(self, heard: Tensor, hidden: Tensor) -> Tensor:
        """One step of the gated recurrent unit, in the arithmetic of `torch.nn.GRU`."""
        given_weight, kept_weight, given_bias, kept_bias = self.encoder.recurrent.all_weights[0]
        given = nn.functional.linear(heard, given_weight, given_bias)
        kept = nn.functional.linear(hidden, kept_weight, kept_bias)
        size = HIDDEN
        reset = torch.sigmoid(given[:, :size] + kept[:, :size])
        update = torch.sigmoid(given[:, size : 2 * size] + kept[:, size : 2 * size])
        fresh = torch.tanh(given[:, 2 * size :] + reset * kept[:, 2 * size :])
        return fresh + update * (hidden - fresh)

    def forward(self, mel: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """`mel` (1, 4, 40) raw log-mel and `state` (1, STATE) to `coords` (1, LOOKS * 23),
        the newest tick first, and the next state.
        """
        split = CONTEXT * BANDS
        context = state[:, :split].reshape(-1, CONTEXT, BANDS)
        running = state[:, split : split + normalise.STATE]
        hidden = state[:, split + normalise.STATE :]
        features, extras, running = normalise.step(mel, running)
        joined = torch.cat([context, features], dim=1)
        heard = torch.cat([self.encoder.listen(joined)[:, 0], extras], dim=1)
        hidden = self.advance(heard, hidden)
        coords, _ = shape_outputs(self.encoder.head(hidden), self.encoder.stretch)
        voice = ramp(coords[:, 0, SPEECH : SPEECH + 1], *VOICE)
        hidden = hidden * (1.0 - self.forget * (1.0 - voice))
        kept = joined[:, FRAMES_PER_TICK:].reshape(-1, split)
        return coords.flatten(1), torch.cat([kept, running, hidden], dim=1)
