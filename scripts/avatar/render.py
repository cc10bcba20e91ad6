"""Render the avatar with Blender: base picture, mouths, source frames. Resumable per picture.

Run with the Python that has `bpy` (PyPI, 5.0.1, Python 3.11):
    python scripts/avatar/render.py --assets MAKEHUMAN --out DIR [--only base|mouths|frames]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

import bpy
import motion
import mouths
import numpy as np
import scene
from camera import HEIGHT, WIDTH
from people import PEOPLE

HEAD = (432, 48, 384, 480)  # x, y, w, h of everything that moves in the idle loop
SEED = 1


def settings(samples: int, rect: tuple[int, int, int, int] | None, threads: int) -> None:
    """Cycles on the CPU with the denoiser; `rect` in picture pixels, None for all of it."""
    s = bpy.context.scene
    s.render.engine = "CYCLES"
    s.render.use_persistent_data = True
    s.render.resolution_x, s.render.resolution_y = WIDTH, HEIGHT
    s.render.resolution_percentage = 100
    s.render.threads_mode, s.render.threads = "FIXED", threads
    s.render.image_settings.file_format = "PNG"
    s.render.image_settings.color_mode = "RGB"
    s.render.image_settings.compression = 40
    s.view_settings.view_transform = "AgX"
    s.view_settings.look = "AgX - Medium High Contrast"
    s.cycles_curves.shape = "RIBBONS"
    c = s.cycles
    c.samples, c.seed = samples, SEED
    c.use_adaptive_sampling = False
    c.use_denoising, c.denoiser = True, "OPENIMAGEDENOISE"
    c.denoising_input_passes = "RGB_ALBEDO_NORMAL"
    c.max_bounces, c.diffuse_bounces, c.glossy_bounces = 6, 2, 2
    c.transmission_bounces, c.transparent_max_bounces = 4, 6
    c.caustics_reflective = c.caustics_refractive = False
    s.render.use_border = rect is not None
    s.render.use_crop_to_border = True
    if rect is not None:
        x, y, w, h = rect
        s.render.border_min_x, s.render.border_max_x = x / WIDTH, (x + w) / WIDTH
        s.render.border_min_y = 1 - (y + h) / HEIGHT
        s.render.border_max_y = 1 - y / HEIGHT


def shoot(path: Path) -> float:
    """Render to `path` through a temporary name; returns seconds."""
    temporary = path.with_suffix(".part.png")
    bpy.context.scene.render.filepath = str(temporary)
    start = time.monotonic()
    bpy.ops.render.render(write_still=True)
    os.replace(temporary, path)
    return time.monotonic() - start


class Job:
    """One output folder and the stage that fills it."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.out: Path = args.out
        for name in ("mouths", "frames"):
            (self.out / name).mkdir(parents=True, exist_ok=True)
        self.stage = scene.Stage(args.assets, PEOPLE[args.person])
        self.solver = mouths.Solver(self.stage.human)
        self.list = mouths.catalogue()
        self.spent = 0.0

    def _one(self, path: Path, turns: dict[str, np.ndarray]) -> None:
        if path.exists():
            return
        self.stage.show(turns)
        seconds = shoot(path)
        self.spent += seconds
        print(f"{path.name} {seconds:.1f} s, {self.spent:.0f} s so far", flush=True)

    def base(self) -> None:
        """The full picture in the neutral pose."""
        settings(self.args.base_samples, None, self.args.threads)
        self._one(self.out / "base.png", self.stage.rest)

    def mouths(self) -> None:
        """All mouths on the neutral pose; 000 is the rest mouth, for colour only."""
        settings(self.args.mouth_samples, self.stage.human.person.patch, self.args.threads)
        for i in mouths.order(self.list)[: self.args.limit]:
            turns = self.solver.turns(self.solver.units(self.list[i]) if i else {})
            self._one(self.out / "mouths" / f"{i:03d}.png", turns)

    def frames(self) -> None:
        """The idle loop, spread first, then the clips."""
        settings(self.args.frame_samples, HEAD, self.args.threads)
        for i in motion.order(self.stage.human.person.sway)[: self.args.limit]:
            self._one(self.out / "frames" / f"{i:04d}.png", motion.turns(self.stage.human, i))

    def describe(self) -> None:
        """What was rendered, as scene.json, for place.py and pack.py."""
        human = self.stage.human
        data = {
            "person": human.person.identity,
            "size": [WIDTH, HEIGHT],
            "head": HEAD,
            "patch": human.person.patch,
            "mouths": [m.row() for m in self.list],
            "frames": motion.FRAMES,
            "loop": "pingpong",
            "gap_full_dm": self.solver.scale,
            "vertices": len(human.shape),
        }
        (self.out / "scene.json").write_text(json.dumps(data, indent=1))


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--assets", type=Path, required=True, help="MakeHuman checkout (CC0)")
    parser.add_argument("--out", type=Path, required=True, help="folder for the pictures")
    parser.add_argument("--person", choices=sorted(PEOPLE), default="default")
    parser.add_argument("--only", choices=("base", "mouths", "frames"), action="append")
    parser.add_argument("--base-samples", type=int, default=40)
    parser.add_argument("--mouth-samples", type=int, default=8)
    parser.add_argument("--frame-samples", type=int, default=8)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--limit", type=int, help="at most this many mouths and frames")
    args = parser.parse_args()
    if not args.assets.is_dir():
        print(f"render: no folder {args.assets}", file=sys.stderr)
        return 66
    job = Job(args)
    job.describe()
    for name in args.only or ("mouths", "base", "frames"):
        getattr(job, name)()
    return 0


if __name__ == "__main__":
    sys.exit(main())
