"""The Blender scene: meshes from numpy, hair curves, camera, lights, and poses per picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import backdrop
import bpy
import complexion
import garment
import motion
import numpy as np
import skin
import strands
from camera import (
    DISTANCE,
    HEIGHT,
    LENS,
    SENSOR,
    UNIT,
    WIDTH,
    Camera,
    from_blender,
    to_blender,
)
from figure import Figure
from human import Fitted, Mesh
from mathutils import Matrix, Vector
from mathutils.bvhtree import BVHTree
from people import Colour, Light, Person


def matrix_to_blender(matrix: np.ndarray) -> np.ndarray:
    """The same change of axes for a 4 x 4 rigid matrix."""
    change = np.array([[1, 0, 0, 0], [0, 0, -1, 0], [0, 1, 0, 0], [0, 0, 0, 1.0]])
    change[:3] *= UNIT
    return change @ matrix @ np.linalg.inv(change)


def add_mesh(
    name: str, points: np.ndarray, mesh: Mesh, faces: list[int], material: Any, level: int
) -> tuple[Any, np.ndarray]:
    """Object made of some faces of a mesh. Returns it and the base vertices that it uses."""
    used = np.unique([v for f in faces for v in mesh.faces[f]])
    new = np.full(len(points), -1)
    new[used] = np.arange(len(used))
    data = bpy.data.meshes.new(name)
    polygons = [[int(new[v]) for v in mesh.faces[f]] for f in faces]
    data.from_pydata(to_blender(points[used]).tolist(), [], polygons)
    layer = data.uv_layers.new(name="uv")
    flat = [mesh.uvs[c] for f in faces for c in mesh.face_uvs[f]]
    layer.data.foreach_set("uv", np.array(flat, np.float32).ravel())
    data.polygons.foreach_set("use_smooth", np.ones(len(polygons), bool))
    data.materials.append(material)
    thing = bpy.data.objects.new(name, data)
    bpy.context.collection.objects.link(thing)
    if level:
        subdivision = thing.modifiers.new("smooth", "SUBSURF")
        subdivision.levels = subdivision.render_levels = level
        subdivision.boundary_smooth = "PRESERVE_CORNERS"
    return thing, used


def paint(thing: Any, name: str, colours: np.ndarray) -> None:
    """Attach a colour attribute (n, 3) to an object's vertices."""
    layer = thing.data.color_attributes.new(name, "FLOAT_COLOR", "POINT")
    rgba = np.concatenate([colours, np.ones((len(colours), 1))], 1).astype(np.float32)
    layer.data.foreach_set("color", rgba.ravel())


def at_rest(thing: Any, points: np.ndarray | None = None) -> None:
    """Attach the places (n, 3) where noise is read; by default where the vertices are now."""
    layer = thing.data.attributes.new("rest", "FLOAT_VECTOR", "POINT")
    if points is None:
        points = np.zeros((len(thing.data.vertices), 3), np.float32)
        thing.data.vertices.foreach_get("co", points.reshape(-1))
    layer.data.foreach_set("vector", points.astype(np.float32).ravel())


def add_strands(name: str, data: strands.Strands, material: Any) -> Any:
    """Hair curves object from strands in MakeHuman space."""
    n, steps, _ = data.points.shape
    curves = bpy.data.hair_curves.new(name)
    curves.add_curves([steps] * n)
    curves.materials.append(material)
    set_strands(curves, data)
    thing = bpy.data.objects.new(name, curves)
    bpy.context.collection.objects.link(thing)
    return thing


def set_strands(curves: Any, data: strands.Strands) -> None:
    """Write positions and radii into existing curves."""
    flat = to_blender(data.points.reshape(-1, 3)).astype(np.float32)
    curves.position_data.foreach_set("vector", flat.ravel())
    radius = curves.attributes.get("radius") or curves.attributes.new("radius", "FLOAT", "POINT")
    radius.data.foreach_set("value", (data.radius * UNIT).astype(np.float32).ravel())
    curves.update_tag()


def as_image(name: str, pixels: np.ndarray) -> Any:
    """A Blender image (linear) from (h, w, 1 or 3) floats, top row first."""
    h, w, channels = pixels.shape
    rgba = np.ones((h, w, 4), np.float32)
    rgba[..., :3] = pixels if channels == 3 else np.repeat(pixels, 3, 2)
    image = bpy.data.images.new(name, w, h, float_buffer=True, is_data=True)
    image.pixels.foreach_set(rgba[::-1].ravel())
    return image


def area_light(light: Light, aim: np.ndarray, mirrors: Any) -> None:
    """A soft light that points at the face, which is at `aim`; mirrors: see `Light.mirrored`."""
    data = bpy.data.lights.new(light.name, "AREA")
    data.size, data.energy, data.color = light.size, light.power, light.colour
    thing = bpy.data.objects.new(light.name, data)
    position = np.array(light.at) + aim
    thing.location = position
    direction = aim - position
    thing.rotation_euler = Vector(direction).to_track_quat("-Z", "Y").to_euler()
    if light.mirrored:
        thing.visible_diffuse = False
        thing.light_linking.receiver_collection = mirrors
    bpy.context.collection.objects.link(thing)


class Stage:
    """Everything in the scene, with `show(turns)` to put the person into a pose."""

    def __init__(self, root: Path, person: Person) -> None:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        self.human = Figure(root, person)
        self.rest = self.human.rest_turns()
        self.neutral = self.human.pose(self.rest)
        self.base = root / "base" if (root / "base").is_dir() else root
        self.head = np.eye(4)
        self.sheet: Any = None
        self._camera_and_lights()
        self._backdrop()
        self._clothes()
        self._hair()
        self._body()
        self._eyes()
        self._mouth()
        self._fine_hair()

    def _fitted(self, *parts: str) -> Fitted:
        for base in (self.base, self.human.mh):
            path = base.joinpath(*parts)
            if path.is_file():
                return Fitted(path)
        raise FileNotFoundError("/".join(parts))

    def _camera_and_lights(self) -> None:
        self.camera = Camera.for_human(self.human)
        self.eyes = self.camera.eyes
        place = self.camera.position
        data = bpy.data.cameras.new("camera")
        data.lens, data.sensor_width = LENS, SENSOR
        thing = bpy.data.objects.new("camera", data)
        thing.location = place
        thing.rotation_euler = (np.pi / 2, 0, 0)
        bpy.context.collection.objects.link(thing)
        bpy.context.scene.camera = thing
        face = self.eyes + np.array([0, 0, -0.04])
        self.mirrors = bpy.data.collections.new("mirrors")
        for light in self.human.person.lights:
            area_light(light, face, self.mirrors)
        world = bpy.data.worlds.new("world")
        world.use_nodes = True
        node = world.node_tree.nodes["Background"]
        node.inputs[0].default_value = (0.62, 0.6, 0.58, 1)
        node.inputs[1].default_value = self.human.person.world
        bpy.context.scene.world = world

    def _backdrop(self) -> None:
        """A glowing picture behind the person that fills the frame."""
        pixels = np.asarray(backdrop.picture(self.human.person.room), float) / 255
        image = as_image("backdrop", backdrop.for_view(pixels))
        far = 1.2
        half = (far + DISTANCE) * SENSOR / LENS / 2
        tall = half * HEIGHT / WIDTH
        x, y, z = self.camera.position + np.array([0, far + DISTANCE, 0])
        corners = [(-half, -tall), (half, -tall), (half, tall), (-half, tall)]
        data = bpy.data.meshes.new("backdrop")
        data.from_pydata([(x + a, y, z + b) for a, b in corners], [], [(0, 1, 2, 3)])
        layer = data.uv_layers.new(name="uv")
        layer.data.foreach_set("uv", [0, 0, 1, 0, 1, 1, 0, 1])
        data.materials.append(skin.glow(image, 1.0))
        thing = bpy.data.objects.new("backdrop", data)
        for ray in ("diffuse", "glossy", "transmission", "shadow", "volume_scatter"):
            setattr(thing, f"visible_{ray}", False)
        bpy.context.collection.objects.link(thing)

    def _clothes(self) -> None:
        top = self.human.person.top
        piece = self._fitted("clothes", top.mesh, f"{top.mesh}.mhclo")
        self.hidden = piece.deleted
        joint = self.human.joint("upperarm01.L")
        points = piece.fit(self.neutral, self.human.shape)
        points = garment.narrowed(points, joint, top.narrow)
        faces = [i for i, f in enumerate(piece.mesh.faces) if points[f, 1].min() > 3.2]
        if top.knitted:
            material = skin.knit(top.colour, as_image("knit", garment.knit()[..., None]))
        else:
            material = skin.cloth(top.colour)
        self.cloth, _ = add_mesh("top", points, piece.mesh, faces, material, 4)
        shape = garment.dense(self.cloth)
        at = from_blender(shape.points)
        height = garment.folds(at, joint)
        if top.knitted:
            height = height + garment.grooves(at, points[garment.seams(piece.mesh, faces)])
        moved = shape.points + shape.normals * (height * UNIT)[:, None]
        self.cloth.data.vertices.foreach_set("co", moved.astype(np.float32).ravel())
        self.cloth.data.update()
        at_rest(self.cloth)
        if top.knitted:
            self._collar(garment.rim(piece.mesh, faces, points), top.colour)

    def _collar(self, rim: np.ndarray, colour: Colour) -> None:
        """The ribbed band along the neckline, which is `rim`."""
        human = self.human
        body = [human.mesh.faces[i] for i in human.mesh.groups["body"]]
        tree = BVHTree.FromPolygons(self.neutral.tolist(), body)
        band, quads = garment.collar(garment.edge(rim), tree)
        data = bpy.data.meshes.new("collar")
        data.from_pydata(to_blender(band).tolist(), [], quads)
        data.polygons.foreach_set("use_smooth", np.ones(len(quads), bool))
        data.materials.append(skin.knit(colour, None))
        thing = bpy.data.objects.new("collar", data)
        bpy.context.collection.objects.link(thing)
        at_rest(thing)

    def _body(self) -> None:
        mesh = self.human.mesh
        low = self.human.joint("neck01")[1] - 1.6
        chin = self.human.joint("head")[1] - 0.5
        faces = [
            i
            for i in mesh.groups["body"]
            if self.human.shape[mesh.faces[i], 1].min() > low
            and not all(v in self.hidden for v in mesh.faces[i])
            and (
                np.abs(self.neutral[mesh.faces[i], 0]).min() < 0.8  # shoulders are clothed
                or self.human.shape[mesh.faces[i], 1].min() > chin  # ears are not
            )
        ]
        brow = self._fitted("eyebrows", "eyebrow001", "eyebrow001.mhclo").fit(self.human.shape)
        face, finish = complexion.picture(self.human, brow, self.human.joint("eye.L"))
        material = skin.skin(
            as_image("face", face), as_image("finish", finish), self.human.person.skin
        )
        self.skin, self.skin_vertices = add_mesh("skin", self.neutral, mesh, faces, material, 2)
        self.mirrors.objects.link(self.skin)
        used = self.skin_vertices
        place = np.concatenate([complexion.place(self.human), np.zeros((len(self.neutral), 1))], 1)
        layer = self.skin.data.attributes.new("place", "FLOAT_VECTOR", "POINT")
        layer.data.foreach_set("vector", place[used].astype(np.float32).ravel())
        at_rest(self.skin, to_blender(self.human.shape[used]))
        scalp = self._scalp()
        zones = np.stack([complexion.depth(self.human), scalp, 0 * scalp], 1)
        paint(self.skin, "zones", zones[used])

    def _scalp(self) -> np.ndarray:
        """Where roots sit on the head, 0..1 per vertex: darkened, so that no parting shines."""
        if self.human.person.hair.crop:
            return complexion.scalp(self.human, self.human.shape - np.array([0, 0.03, 0]))
        roots = self.locks.points[:, 0]
        near, far = self.human.person.hair.scalp
        out = np.zeros(len(self.human.shape))
        for i in np.flatnonzero(self.human.shape[:, 1] > self.human.joint("head")[1]):
            gap = np.sqrt(((roots - self.human.shape[i]) ** 2).sum(1).min())
            out[i] = np.clip(1.0 - (gap - near) / (far - near), 0, 1)
        return out

    def _eyes(self) -> None:
        piece = self._fitted("eyes", "high-poly", "high-poly.mhclo")
        picture = self.human.mh / "eyes" / "materials" / "brown_eye.png"
        self.eye_points = piece.fit(self.human.shape)
        mesh = piece.mesh
        shell = {i for i, c in enumerate(mesh.face_uvs) if mesh.uvs[c][:, 0].min() > 0.86}
        shell = {i for i in shell if mesh.uvs[mesh.face_uvs[i]][:, 1].max() < 0.14}
        ball = skin.eyeball(str(picture), self.human.person.eyes)
        clear = skin.cornea(self.human.person.eyes)
        self.eye_parts = []
        for side, sign in (("L", 1), ("R", -1)):
            for layer, material in ((False, ball), (True, clear)):
                faces = [
                    i
                    for i, f in enumerate(mesh.faces)
                    if (i in shell) == layer and self.eye_points[f, 0].mean() * sign > 0
                ]
                thing, used = add_mesh(
                    f"eye{side}{layer}", self.eye_points, mesh, faces, material, 1
                )
                above = self.eye_points[used, 1] - self.human.joint(f"eye.{side}")[1]
                height = thing.data.attributes.new("height", "FLOAT", "POINT")
                height.data.foreach_set("value", above.astype(np.float32))
                if layer:
                    thing.visible_shadow = False
                self.mirrors.objects.link(thing)
                self.eye_parts.append((thing, f"eye.{side}"))

    def _mouth(self) -> None:
        human = self.human
        piece = self._fitted("teeth", "teeth_base", "teeth_base.mhclo")
        points = piece.fit(human.shape)
        jaw = human.weights[piece.ref][:, :, human.index["jaw"]].mean(1) > 0.5
        enamel = skin.teeth()
        self.teeth = []
        points = points + np.array([0, -human.person.teeth, -0.03])  # set back a little
        points[jaw] += np.array([0, human.person.teeth - 0.03, -0.02])
        for name, lower, bone in (("upper", False, "head"), ("lower", True, "jaw")):
            faces = [i for i, f in enumerate(piece.mesh.faces) if (jaw[f].mean() > 0.5) == lower]
            thing, used = add_mesh(f"teeth-{name}", points, piece.mesh, faces, enamel, 1)
            front = points[used, 2].max()
            shade = np.clip(1 - (front - points[used, 2]) / 0.55, 0.12, 1) ** 1.2
            paint(thing, "depth", np.repeat(shade[:, None], 3, 1))
            self.teeth.append((thing, bone))
        self.tongue_piece = self._fitted("tongue", "tongue01", "tongue01.mhclo")
        tongue = self.tongue_piece
        everything = list(range(len(tongue.mesh.faces)))
        flesh = skin.plain("tongue", (0.50, 0.16, 0.15), 0.4, 0.002, 0.3)
        at = tongue.fit(self.neutral, human.shape)
        self.tongue, _ = add_mesh("tongue", at, tongue.mesh, everything, flesh, 1)

    def _hair(self) -> None:
        hair = self.human.person.hair
        piece = self._fitted("hair", hair.mesh, f"{hair.mesh}.mhclo")
        points = piece.fit(self.human.shape)
        if hair.crop:
            self.locks = self._crop()
        else:
            self.locks = strands.hair(piece.mesh, points, seed=3, density=hair.density)
            self._underlay(piece.mesh, points)
        strands.taper(self.locks, hair.radius, 0.0010)
        fibre = skin.strand("hair", hair.melanin, hair.redness)
        self.hair = add_strands("hair", self.locks, fibre)

    def _crop(self) -> strands.Strands:
        """Hair cut short, standing on the skin."""
        human, hair = self.human, self.human.person.hair
        body = [human.mesh.faces[i] for i in human.mesh.groups["body"]]
        high = [f for f in body if human.shape[f, 1].min() > human.joint("head")[1] - 0.2]
        triangles = np.array([(f[0], f[k], f[k + 1]) for f in high for k in range(1, len(f) - 1)])

        def grows(points: np.ndarray) -> np.ndarray:
            return complexion.scalp(human, points)

        return strands.cropped(triangles, human.shape, grows, hair.density, hair.crop)

    def _underlay(self, mesh: Mesh, points: np.ndarray) -> None:
        """The cards behind the ears as a dark sheet, so that no light comes through the hair."""
        behind = self.human.joint("head")[2] + 0.45
        faces = [
            i
            for i, f in enumerate(mesh.faces)
            if points[f, 2].max() < behind and np.abs(points[f, 0]).max() < 0.80
        ]
        points = points + np.array([0, 0, -0.05])
        self.sheet_points = points
        dark = skin.plain("underlay", self.human.person.hair.underlay, 0.9)
        self.sheet, self.sheet_vertices = add_mesh("underlay", points, mesh, faces, dark, 0)

    def _fine_hair(self) -> None:
        self.fine = []
        dark = skin.plain("lash", (0.012, 0.008, 0.006), 0.6)
        brown = skin.strand("brow", *self.human.person.brow, 0.5)
        for kind, name, material in (
            ("eyebrows", "eyebrow001", brown),
            ("eyelashes", "eyelashes01", dark),
        ):
            piece = self._fitted(kind, name, f"{name}.mhclo")
            if kind == "eyebrows":
                grower = strands.Brows(piece.mesh, self.human.person.brows)
            else:
                grower = strands.Lashes(piece.mesh)
            data = grower.grow(piece.fit(self.neutral, self.human.shape))
            thing = add_strands(kind, data, material)
            self.fine.append((thing, piece, grower))

    def show(self, turns: dict[str, np.ndarray], offsets: np.ndarray | None = None) -> np.ndarray:
        """Put the person into a pose (bone turns) plus vertex offsets; returns base points.

        `offsets` (n, 3) are added to the shape before skinning.
        """
        human = self.human
        shape = human.shape if offsets is None else human.shape + offsets
        points = human.pose(turns, shape)
        matrices = human.matrices(turns)
        self._write(self.skin, points[self.skin_vertices])
        for thing, bone in [*self.eye_parts, *self.teeth]:
            thing.matrix_world = Matrix(matrix_to_blender(matrices[human.index[bone]]))
        self._move_hair(matrices[human.index["head"]])
        self._write(self.tongue, self.tongue_piece.fit(points, human.shape))
        for thing, piece, grower in self.fine:
            set_strands(thing.data, grower.grow(piece.fit(points, human.shape)))
        return points

    def _move_hair(self, head: np.ndarray) -> None:
        if np.allclose(head, self.head):
            return
        self.head = head
        moved = strands.Strands(
            motion.follow(self.human, self.locks.points, head), self.locks.radius
        )
        set_strands(self.hair.data, moved)
        if self.sheet:
            self._write(
                self.sheet, motion.follow(self.human, self.sheet_points[self.sheet_vertices], head)
            )

    @staticmethod
    def _write(thing: Any, points: np.ndarray) -> None:
        thing.data.vertices.foreach_set("co", to_blender(points).astype(np.float32).ravel())
        thing.data.update()
