"""What is seen inside every mouth, as exact masks: a judge of openness that sees no picture.

Skin is black and everything behind the lips white, so a picture's white part is the inner mouth
alone. Run with the Python that has `bpy`, as render.py; about a minute:
    python scripts/avatar/inside.py --assets MAKEHUMAN --out DIR --output scripts/lips/inside.json
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import bpy
import mouths
import numpy as np
import render
import scene
from camera import Camera
from people import PEOPLE
from PIL import Image

MIDDLE = 5  # columns on either side of the midline in which the gap is measured
SAMPLES = 16
DITHER = 2  # levels that Blender adds to black


def light(name: str, attribute: str | None) -> Any:
    """A material that only shines: white, or as an attribute's first channel says (0 or above)."""
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    nodes.clear()
    out, shine = nodes.new("ShaderNodeOutputMaterial"), nodes.new("ShaderNodeEmission")
    links.new(shine.outputs[0], out.inputs[0])
    if attribute:
        source, split = nodes.new("ShaderNodeAttribute"), nodes.new("ShaderNodeSeparateColor")
        above = nodes.new("ShaderNodeMath")
        above.operation, above.inputs[1].default_value = "GREATER_THAN", 0.01
        source.attribute_name = attribute
        links.new(source.outputs["Color"], split.inputs[0])
        links.new(split.outputs[0], above.inputs[0])
        links.new(above.outputs[0], shine.inputs["Strength"])
    return material


def strip(stage: scene.Stage) -> None:
    """Leave only skin, teeth and tongue in the scene, and give them lights for materials."""
    inside = [stage.tongue, *(thing for thing, _ in stage.teeth)]
    for thing in bpy.context.scene.objects:
        thing.hide_render = thing is not stage.skin and thing not in inside
    for thing in (stage.skin, *inside):
        thing.data.materials.clear()
    stage.skin.data.materials.append(light("lining", "zones"))
    for thing in inside:
        thing.data.materials.append(light("inside", None))


def settings(patch: tuple[int, int, int, int], threads: int) -> None:
    """Straight rays, no denoiser, no colour management."""
    render.settings(SAMPLES, patch, threads)
    s = bpy.context.scene
    s.cycles.use_denoising = False
    s.cycles.max_bounces = 0
    s.cycles.filter_width = 1.0
    s.view_settings.view_transform, s.view_settings.look = "Raw", "None"
    s.world = None


def measure(path: Path, column: float) -> tuple[float, float, float]:
    """Gap at the midline, height of the tallest column, and area of a mask, in pixels."""
    levels = np.asarray(Image.open(path).convert("L"), float)
    covered = np.where(levels > DITHER, levels, 0.0) / 255.0
    heights = covered.sum(0)
    middle = round(column)
    gap = heights[middle - MIDDLE : middle + MIDDLE + 1].mean()
    return float(gap), float(heights.max()), float(covered.sum())


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--assets", type=Path, required=True, help="MakeHuman checkout (CC0)")
    parser.add_argument("--out", type=Path, required=True, help="folder for the masks")
    parser.add_argument("--output", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--person", choices=sorted(PEOPLE), default="default")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    if not args.assets.is_dir():
        print(f"inside: no folder {args.assets}", file=sys.stderr)
        return 66
    args.out.mkdir(parents=True, exist_ok=True)
    stage = scene.Stage(args.assets, PEOPLE[args.person])
    strip(stage)
    patch = stage.human.person.patch
    settings(patch, args.threads)
    solver = mouths.Solver(stage.human)
    camera = Camera.for_human(stage.human)
    eyes = camera.project(np.stack([stage.human.joint(f"eye.{side}") for side in "LR"]))
    distance = float(np.linalg.norm(eyes[0] - eyes[1]))
    rows = []
    for i, mouth in enumerate(mouths.catalogue()):
        path = args.out / f"{i:03d}.png"
        if not path.exists():
            stage.show(solver.turns(solver.units(mouth) if i else {}))
            render.shoot(path)
        gap, height, area = measure(path, float(eyes[:, 0].mean()) - patch[0])
        row = [gap / distance, height / distance, area / distance**2]
        rows.append([round(value, 4) for value in row])
    shapes = [mouth.row() for mouth in mouths.catalogue()]
    columns = ["gap", "tallest", "area"]
    data = {"eye_distance_px": round(distance, 2), "columns": columns, "coords": shapes}
    args.output.write_text(json.dumps({**data, "mouths": rows}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
