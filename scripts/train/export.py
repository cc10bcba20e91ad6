"""Write the encoder as an ONNX file and compare it with the network in PyTorch."""

from __future__ import annotations

import struct
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch

from . import normalise
from .layout import LOOKS, METADATA, OUTPUTS
from .logmel import BANDS, FRAMES_PER_TICK
from .model import CONTEXT, FORGET, HIDDEN, STATE, Encoder, Step, shape_outputs

OPSET = 17
IR_VERSION = 8
TOLERANCE = 1e-4
CHECK_TICKS = 500
MAX_BYTES = 3 * 1024 * 1024


def convert(encoder: Encoder) -> onnx.ModelProto:
    """Trace one step of the network into an ONNX graph."""
    example = (torch.zeros(1, FRAMES_PER_TICK, BANDS), torch.zeros(1, STATE))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "encoder.onnx"
        torch.onnx.export(
            Step(encoder).eval(),
            example,
            path,
            dynamo=False,
            opset_version=OPSET,
            input_names=["mel", "state"],
            output_names=["coords", "state_out"],
        )
        return onnx.load(path)


def stretch_text(encoder: Encoder) -> str:
    """The lines of `shape_outputs` as the bits of their floats: hexadecimal, in the rows' order."""
    return ",".join(struct.pack(">f", value).hex() for value in encoder.stretch.flatten().tolist())


def write(encoder: Encoder, path: Path) -> int:
    """Export `encoder` to `path`; returns the size in bytes, which may not exceed 3 MB."""
    model = convert(encoder)
    model.ir_version = IR_VERSION
    model.graph.name = "essence-encoder"
    model.producer_version = ""
    for node in model.graph.node:
        node.ClearField("doc_string")
    onnx.helper.set_model_props(model, {**METADATA, "be.stretch": stretch_text(encoder)})
    onnx.checker.check_model(model, full_check=True)
    data = model.SerializeToString(deterministic=True)
    if len(data) > MAX_BYTES:
        raise ValueError(f"the encoder has {len(data)} bytes, more than {MAX_BYTES}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return len(data)


class Session:
    """The file in ONNX Runtime, one thread, as the engine runs it."""

    def __init__(self, path: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
        self.width = self.session.get_inputs()[1].shape[1]

    def run(self, mel: np.ndarray) -> np.ndarray:
        """Run a new stream of raw log-mel (frames, 40) tick by tick; returns (calls, LOOKS, 23)."""
        state = np.zeros((1, self.width), dtype=np.float32)
        ticks = len(mel) // FRAMES_PER_TICK
        clip = mel[: ticks * FRAMES_PER_TICK].astype(np.float32)
        rows = []
        for tick in clip.reshape(ticks, 1, FRAMES_PER_TICK, BANDS):
            coords, state = self.session.run(None, {"mel": tick, "state": state})
            rows.append(coords[0].reshape(-1, len(OUTPUTS)))
        return np.stack(rows)


def run_torch(encoder: Encoder, mel: np.ndarray) -> np.ndarray:
    """Run the network over the whole clip at once; same shapes as `Session.run`."""
    clip = torch.from_numpy(np.ascontiguousarray(mel[None], dtype=np.float32))
    with torch.no_grad():
        features, extras, _ = normalise.sequence(clip, torch.zeros(1, normalise.STATE))
        zeros = torch.zeros(1, CONTEXT, BANDS), torch.zeros(1, HIDDEN)
        logits, _, _ = encoder.eval().sequence(features, extras, *zeros)
        return shape_outputs(logits, encoder.stretch)[0][0].numpy()


def run_steps(encoder: Encoder, mel: np.ndarray, forget: float) -> np.ndarray:
    """Run the network tick by tick as the file does; same shapes as `Session.run`."""
    step, state = Step(encoder, forget).eval(), torch.zeros(1, STATE)
    ticks = torch.from_numpy(mel.astype(np.float32)).reshape(-1, 1, FRAMES_PER_TICK, BANDS)
    rows = []
    with torch.no_grad():
        for tick in ticks:
            coords, state = step(tick, state)
            rows.append(coords[0].numpy().reshape(LOOKS, -1))
    return np.stack(rows)


def check(encoder: Encoder, path: Path, seed: int = 0) -> float:
    """Compare on noise of changing level: file with steps, steps that forget nothing with clips.

    Returns the largest difference; raises above 1e-4.
    """
    generator = np.random.default_rng(seed)
    level = np.repeat(generator.uniform(-11.5, 3.0, CHECK_TICKS // 10), 40)[:, None]
    mel = np.maximum(level + generator.normal(0.0, 1.5, (len(level), BANDS)), -11.5)
    file = np.abs(Session(path).run(mel) - run_steps(encoder, mel, FORGET)).max()
    clip = np.abs(run_steps(encoder, mel, 0.0) - run_torch(encoder, mel)).max()
    difference = float(max(file, clip))
    if not difference <= TOLERANCE:
        raise ValueError(f"{path} differs from the network by {difference:.2e}")
    return difference
