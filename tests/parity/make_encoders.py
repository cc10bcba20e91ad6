"""Makes encoders/*.onnx: small audio encoders, good and hostile ones, for test_encoder.

    python make_encoders.py           writes them beside this file
    python make_encoders.py --check   fails when a committed file says something else

The good one counts: state_out = state + 1, coords = sqrt(mel[0, 0, :23] + 12) + state[0], so every
step can be foretold and a step can be made to fail (mel < -12 gives what is not a number). The
others differ from it in one thing each. Needs the onnx package.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FOLDER = Path(__file__).with_name("encoders")
NAMES = (
    "openness,width,protrusion,closure,labiodental,teeth,tongue,speech,"
    "sil,PP,FF,TH,DD,kk,CH,SS,nn,RR,aa,E,ih,oh,ou"
)
FLOAT = TensorProto.FLOAT
Dims = Sequence["int | str"]


def good_nodes() -> list[onnx.NodeProto]:
    """The counting encoder's nodes."""
    return [
        helper.make_node("Slice", ["mel", "from", "to"], ["cut"]),
        helper.make_node("Reshape", ["cut", "shape"], ["row"]),
        helper.make_node("Add", ["row", "twelve"], ["shifted"]),
        helper.make_node("Sqrt", ["shifted"], ["root"]),
        helper.make_node("Slice", ["state", "zero2", "one2"], ["count"]),
        helper.make_node("Add", ["root", "count"], ["coords"]),
        helper.make_node("Add", ["state", "one"], ["state_out"]),
    ]


def constants() -> list[onnx.TensorProto]:
    """Values that the nodes above refer to."""
    values = {
        "from": np.array([0, 0, 0], np.int64),
        "to": np.array([1, 1, 23], np.int64),
        "shape": np.array([1, 23], np.int64),
        "zero2": np.array([0, 0], np.int64),
        "one2": np.array([1, 1], np.int64),
        "twelve": np.array([12.0], np.float32),
        "one": np.array([1.0], np.float32),
    }
    return [numpy_helper.from_array(value, name) for name, value in values.items()]


def encoder(
    *,
    nodes: list[onnx.NodeProto] | None = None,
    extra: Sequence[onnx.TensorProto] = (),
    mel: Dims = (1, 4, 40),
    state: Dims = (1, 4),
    coords: Dims = (1, 23),
    state_out: Dims | None = None,
    coords_type: int = FLOAT,
    more_inputs: Sequence[str] = (),
    renamed: dict[str, str] | None = None,
    metadata: dict[str, str | None] | None = None,
) -> bytes:
    """One encoder's file: the counting one, with what is given in place of its own."""
    inputs = [("mel", FLOAT, mel), ("state", FLOAT, state)]
    inputs += [(name, FLOAT, (1,)) for name in more_inputs]
    outputs = [("coords", coords_type, coords), ("state_out", FLOAT, state_out or state)]
    graph = helper.make_graph(
        nodes if nodes is not None else good_nodes(),
        "encoder",
        [helper.make_tensor_value_info(*x) for x in inputs],
        [helper.make_tensor_value_info(*x) for x in outputs],
        [*constants(), *extra],
    )
    for old, new in (renamed or {}).items():
        rename(graph, old, new)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    model.producer_name = "make_encoders"
    entries = {
        "be.encoder": "1",
        "be.lookahead_ticks": "3",
        "be.outputs": NAMES,
        **(metadata or {}),
    }
    helper.set_model_props(model, {k: v for k, v in entries.items() if v is not None})
    return bytes(model.SerializeToString(deterministic=True))


def rename(graph: onnx.GraphProto, old: str, new: str) -> None:
    """Gives a value another name everywhere."""
    for value in [*graph.input, *graph.output]:
        if value.name == old:
            value.name = new
    for node in graph.node:
        node.input[:] = [new if name == old else name for name in node.input]
        node.output[:] = [new if name == old else name for name in node.output]


def lying_nodes() -> list[onnx.NodeProto]:
    """Coords declared [1, 23] and in truth [1, 4096]: a shape that only a run can know."""
    return [
        helper.make_node("ReduceMax", ["mel"], ["peak"], keepdims=0),
        helper.make_node("IsNaN", ["peak"], ["never"]),
        helper.make_node("Cast", ["never"], ["zero"], to=TensorProto.INT64),
        helper.make_node("Add", ["big_shape", "zero"], ["wide"]),
        helper.make_node("Expand", ["one", "wide"], ["coords"]),
        helper.make_node("Add", ["state", "one"], ["state_out"]),
    ]


def fixed_nodes() -> list[onnx.NodeProto]:
    """Coords are a constant of the file and the state is its own input: nothing is computed."""
    return [helper.make_node("Identity", ["state"], ["state_out"])]


def outside() -> onnx.TensorProto:
    """A tensor whose values lie in another file."""
    tensor = numpy_helper.from_array(np.array([1.0], np.float32), "one_more")
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../../../etc/hostname")
    return tensor


def external_nodes() -> list[onnx.NodeProto]:
    """The counting encoder, adding a number out of another file."""
    nodes = good_nodes()
    nodes[-1] = helper.make_node("Add", ["state", "one_more"], ["state_out"])
    return nodes


def all_encoders() -> dict[str, bytes]:
    """Every file by name."""
    fixed = numpy_helper.from_array(np.arange(23, dtype=np.float32).reshape(1, 23), "coords")
    wide = numpy_helper.from_array(np.zeros((1, 4096), np.float32), "coords")
    big = numpy_helper.from_array(np.array([1, 4096], np.int64), "big_shape")
    looks = np.repeat(np.float32([0.25, 0.5, 0.75]), 23).reshape(1, 69)
    good = encoder()
    return {
        "good": good,
        "constant": encoder(nodes=fixed_nodes(), extra=[fixed]),
        "looks": encoder(
            nodes=fixed_nodes(),
            extra=[numpy_helper.from_array(looks, "coords")],
            coords=(1, 69),
            metadata={"be.lookahead_ticks": "1"},
        ),
        "bad_truncated": good[: len(good) // 2],
        "bad_no_metadata": encoder(metadata={"be.encoder": None}),
        "bad_version": encoder(metadata={"be.encoder": "2"}),
        "bad_lookahead": encoder(metadata={"be.lookahead_ticks": "9"}),
        "bad_lookahead_text": encoder(metadata={"be.lookahead_ticks": "1x"}),
        "bad_outputs": encoder(metadata={"be.outputs": "openness"}),
        "bad_mel_shape": encoder(mel=(1, 4, 80)),
        "bad_mel_rank": encoder(mel=(1, 1, 4, 40)),
        "bad_mel_free": encoder(mel=(1, "T", 40)),
        "bad_state_free": encoder(state=(1, "S")),
        "bad_state_size": encoder(state=(1, 65537)),
        "bad_state_zero": encoder(state=(1, 0)),
        "bad_state_differs": encoder(state=(1, 1), state_out=(1, "S"), nodes=widening_nodes()),
        "bad_coords_type": encoder(nodes=integer_nodes(), coords_type=TensorProto.INT64),
        "bad_looks": encoder(nodes=looking_nodes(5 * 23), coords=(1, 5 * 23)),
        "bad_half_look": encoder(nodes=looking_nodes(34), coords=(1, 34)),
        "bad_no_look": encoder(nodes=looking_nodes(0), coords=(1, 0)),
        "bad_coords_wide": encoder(nodes=fixed_nodes(), extra=[wide], coords=(1, 23)),
        "bad_lying_shape": encoder(nodes=lying_nodes(), extra=[big]),
        "bad_names": encoder(renamed={"state_out": "next_state"}),
        "bad_third_input": encoder(more_inputs=["third"]),
        "bad_external": encoder(nodes=external_nodes(), extra=[outside()]),
        "bad_nan": encoder(nodes=nan_nodes()),
        "bad_operator": encoder(nodes=[helper.make_node("Nonesuch", ["mel"], ["coords"])]),
    }


def widening_nodes() -> list[onnx.NodeProto]:
    """A state that comes out longer than it went in, by broadcasting with the coords."""
    nodes = good_nodes()
    nodes[-1] = helper.make_node("Add", ["state", "row"], ["state_out"])
    return nodes


def integer_nodes() -> list[onnx.NodeProto]:
    """The counting encoder with integers for coords."""
    nodes = good_nodes()
    nodes[5] = helper.make_node("Add", ["root", "count"], ["sum"])
    nodes.append(helper.make_node("Cast", ["sum"], ["coords"], to=TensorProto.INT64))
    return nodes


def looking_nodes(floats: int) -> list[onnx.NodeProto]:
    """So many coords, all of them the state's first number."""
    shape = numpy_helper.from_array(np.array([1, floats], np.int64))
    nodes = good_nodes()
    nodes[5] = helper.make_node("Expand", ["count", "looks"], ["coords"])
    return [helper.make_node("Constant", [], ["looks"], value=shape), *nodes]


def nan_nodes() -> list[onnx.NodeProto]:
    """The counting encoder with a state that is not a number."""
    nodes = good_nodes()
    nodes[-1] = helper.make_node("Div", ["state", "state"], ["state_out"])
    return nodes


def main() -> int:
    parser = argparse.ArgumentParser(description="makes encoders/*.onnx")
    parser.add_argument("--check", action="store_true", help="compare with the committed files")
    check = parser.parse_args().check
    FOLDER.mkdir(exist_ok=True)
    status = 0
    for name, data in all_encoders().items():
        path = FOLDER / f"{name}.onnx"
        if not check:
            path.write_bytes(data)
        elif not path.exists() or path.read_bytes() != data:
            print(f"{path.name} differs from what {Path(__file__).name} makes", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
