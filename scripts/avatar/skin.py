"""Materials: skin, lips, eyes, teeth, tongue, hair and cloth, all procedural."""

from __future__ import annotations

from typing import Any

import bpy
from garment import STITCH, TILE
from people import Eyes, Skin


class Nodes:
    """A material's node tree with short helpers."""

    def __init__(self, name: str) -> None:
        self.material = bpy.data.materials.new(name)
        self.material.use_nodes = True
        self.tree = self.material.node_tree
        self.tree.nodes.clear()
        self.out = self.add("ShaderNodeOutputMaterial")

    def add(self, kind: str, **values: Any) -> Any:
        """Add a node; keys that name an input set its default, others set an attribute."""
        node = self.tree.nodes.new(kind)
        for key, value in values.items():
            name = key.replace("_", " ")
            if name in node.inputs:
                node.inputs[name].default_value = value
            else:
                setattr(node, key, value)
        return node

    def link(self, source: Any, target: Any) -> None:
        """Connect an output socket to an input socket."""
        self.tree.links.new(source, target)

    def mix(self, factor: Any, a: Any, b: Any, blend: str = "MIX") -> Any:
        """Colour mix; each argument is a value or a socket. Returns the output socket."""
        node = self.add("ShaderNodeMix")
        node.data_type = "RGBA"
        node.blend_type = blend
        sockets = [s for s in node.inputs if s.enabled]
        for socket, value in zip(sockets, (factor, a, b), strict=False):
            if isinstance(value, bpy.types.NodeSocket):
                self.link(value, socket)
            else:
                socket.default_value = value
        return next(s for s in node.outputs if s.enabled)

    def noise(self, scale: float, detail: float = 3.0) -> Any:
        """Noise value by attribute `rest`: it moves with what it is on."""
        place = self.add("ShaderNodeAttribute", attribute_name="rest")
        node = self.add("ShaderNodeTexNoise", Scale=scale, Detail=detail)
        self.link(place.outputs["Vector"], node.inputs["Vector"])
        return node.outputs[0]

    def channels(self, colour: Any) -> tuple[Any, Any, Any]:
        """The three parts of a colour."""
        split = self.add("ShaderNodeSeparateColor")
        self.link(colour, split.inputs[0])
        return split.outputs[0], split.outputs[1], split.outputs[2]

    def calculate(self, operation: str, *values: Any) -> Any:
        """Arithmetic on values or sockets."""
        node = self.add("ShaderNodeMath", operation=operation)
        for socket, value in zip(node.inputs, values, strict=False):
            if isinstance(value, bpy.types.NodeSocket):
                self.link(value, socket)
            else:
                socket.default_value = value
        return node.outputs[0]

    def texture(self, scale: float) -> Any:
        """Texture coordinates, turned so that the cloth's first one runs down, times `scale`."""
        coordinates = self.add("ShaderNodeTexCoord")
        node = self.add("ShaderNodeMapping", Rotation=(0.0, 0.0, 1.5708))
        node.inputs["Scale"].default_value = (scale, scale, scale)
        self.link(coordinates.outputs["UV"], node.inputs["Vector"])
        return node.outputs[0]

    def remap(self, value: Any, low: float, high: float, to_low: float, to_high: float) -> Any:
        """Clamped linear map of a value."""
        node = self.add("ShaderNodeMapRange")
        for index, number in enumerate((low, high, to_low, to_high), start=1):
            node.inputs[index].default_value = number
        self.link(value, node.inputs[0])
        return node.outputs[0]

    def finish(self, socket: Any) -> bpy.types.Material:
        """Connect the surface and return the material."""
        self.link(socket, self.out.inputs["Surface"])
        return self.material


def skin(face: Any, finish: Any, look: Skin) -> bpy.types.Material:
    """Skin: the painted face by attribute `place`; lips are smoother and wetter.

    Attribute `zones` holds (inside of the mouth, scalp under hair, unused), `rest` the resting
    place, so that what is uneven moves with the skin. finish: (lips, shiny, creased).
    """
    n = Nodes("skin")
    place = n.add("ShaderNodeAttribute", attribute_name="place").outputs["Vector"]
    painted = n.add("ShaderNodeTexImage", extension="EXTEND")
    painted.image = face
    kinds = n.add("ShaderNodeTexImage", extension="EXTEND")
    kinds.image = finish
    n.link(place, painted.inputs[0])
    n.link(place, kinds.inputs[0])
    lips, shiny, creased = n.channels(kinds.outputs[0])
    zones = n.add("ShaderNodeAttribute", attribute_name="zones")
    inside, scalp, _ = n.channels(zones.outputs["Color"])
    colour = n.mix(inside, painted.outputs[0], (0.13, 0.028, 0.026, 1))
    colour = n.mix(scalp, colour, (0.055, 0.030, 0.020, 1))
    bsdf = n.add("ShaderNodeBsdfPrincipled")
    n.link(uneven(n, colour, look.uneven), bsdf.inputs["Base Color"])
    bsdf.inputs["Subsurface Weight"].default_value = 1.0
    bsdf.inputs["Subsurface Radius"].default_value = look.scatter
    bsdf.inputs["Subsurface Scale"].default_value = 0.0042
    if look.mouth_glow:
        bsdf.inputs["Emission Color"].default_value = (0.20, 0.020, 0.018, 1)
        glow = n.remap(inside, 0.02, 0.30, 0.0, look.mouth_glow)
        n.link(glow, bsdf.inputs["Emission Strength"])
    n.link(smoothness(n, lips, shiny, look), bsdf.inputs["Roughness"])
    bsdf.inputs["Specular IOR Level"].default_value = look.gloss
    n.link(relief(n, creased, look.uneven), bsdf.inputs["Normal"])
    return n.finish(bsdf.outputs[0])


def uneven(n: Nodes, colour: Any, amount: float) -> Any:
    """Blotches of 2 cm, and with `amount` of 6 and 2 mm: no skin has one colour."""
    blotches = n.remap(n.noise(55.0, 2.0), 0.3, 0.7, 0.0, 1.0)
    colour = n.mix(
        0.16 + 0.14 * amount,
        colour,
        n.mix(blotches, (0.86, 0.72, 0.68, 1), (1, 1, 1, 1)),
        "MULTIPLY",
    )
    for scale, deep in ((170.0, (0.84, 0.70, 0.66, 1)), (520.0, (0.82, 0.74, 0.70, 1))):
        spots = n.remap(n.noise(scale, 1.0), 0.35, 0.65, 0.0, 1.0)
        colour = n.mix(0.22 * amount, colour, n.mix(spots, deep, (1, 1, 1, 1)), "MULTIPLY")
    return colour


def smoothness(n: Nodes, lips: Any, shiny: Any, look: Skin) -> Any:
    """Roughness: less where skin shines, broken up by pores; least on the lips."""
    spread = 0.09 * look.uneven
    rough = n.remap(n.noise(420.0, 0.0), 0.3, 0.7, look.roughness - spread, look.roughness + spread)
    rough = n.calculate("SUBTRACT", rough, n.calculate("MULTIPLY", shiny, look.shine))
    towards = n.calculate("SUBTRACT", look.lip_roughness, rough)
    return n.calculate("ADD", rough, n.calculate("MULTIPLY", lips, towards))


def relief(n: Nodes, creased: Any, amount: float) -> Any:
    """Faint waves and the creases of the lips, as a normal; pores are smaller than a pixel."""
    waves = n.add("ShaderNodeBump", Strength=0.14 + 0.06 * amount, Distance=0.002)
    n.link(n.noise(130.0 + 60.0 * amount, 1.0), waves.inputs["Height"])
    lines = n.add("ShaderNodeBump", Strength=0.35, Distance=0.0006, invert=True)
    n.link(creased, lines.inputs["Height"])
    n.link(waves.outputs[0], lines.inputs["Normal"])
    return lines.outputs[0]


def plain(
    name: str,
    colour: tuple[float, float, float],
    roughness: float,
    subsurface: float = 0.0,
    coat: float = 0.0,
) -> bpy.types.Material:
    """One colour, optional subsurface (scale in metres) and clear coat."""
    n = Nodes(name)
    bsdf = n.add("ShaderNodeBsdfPrincipled")
    bsdf.inputs["Base Color"].default_value = (*colour, 1)
    bsdf.inputs["Roughness"].default_value = roughness
    bsdf.inputs["Coat Weight"].default_value = coat
    bsdf.inputs["Coat Roughness"].default_value = 0.1
    if subsurface:
        bsdf.inputs["Subsurface Weight"].default_value = 1.0
        bsdf.inputs["Subsurface Radius"].default_value = (1.0, 0.5, 0.3)
        bsdf.inputs["Subsurface Scale"].default_value = subsurface
    return n.finish(bsdf.outputs[0])


def teeth() -> bpy.types.Material:
    """Enamel that darkens towards the back of the mouth (attribute `depth`), gums by `gum`."""
    n = Nodes("teeth")
    depth = n.add("ShaderNodeAttribute", attribute_name="depth").outputs["Color"]
    colour = n.mix(1.0, (0.86, 0.82, 0.72, 1), depth, "MULTIPLY")
    bsdf = n.add("ShaderNodeBsdfPrincipled", Roughness=0.3)
    n.link(colour, bsdf.inputs["Base Color"])
    bsdf.inputs["Subsurface Weight"].default_value = 0.35
    bsdf.inputs["Subsurface Radius"].default_value = (1.0, 0.8, 0.6)
    bsdf.inputs["Subsurface Scale"].default_value = 0.001
    return n.finish(bsdf.outputs[0])


def eyeball(image: str, look: Eyes) -> bpy.types.Material:
    """Eyeball from MakeHuman's iris picture, less red, with a wet coat; the lid shades its top.

    Attribute `height`: decimetres over the middle.
    """
    n = Nodes("eyeball")
    texture = n.add("ShaderNodeTexImage")
    texture.image = bpy.data.images.load(image)
    texture.image.alpha_mode = "NONE"
    hue = n.add("ShaderNodeHueSaturation", Hue=0.53, Saturation=0.95, Value=look.bright)
    n.link(texture.outputs["Color"], hue.inputs["Color"])
    bsdf = n.add("ShaderNodeBsdfPrincipled", Roughness=0.35)
    height = n.add("ShaderNodeAttribute", attribute_name="height").outputs["Fac"]
    shade = n.remap(height, 0.02, 0.085, 1.0, 1.0 - look.shaded)
    n.link(n.mix(1.0, hue.outputs[0], shade, "MULTIPLY"), bsdf.inputs["Base Color"])
    bsdf.inputs["Coat Weight"].default_value = 0.6 * look.iris
    bsdf.inputs["Coat Roughness"].default_value = 0.03
    bsdf.inputs["Specular IOR Level"].default_value = 0.5 * look.iris
    return n.finish(bsdf.outputs[0])


def cornea(look: Eyes) -> bpy.types.Material:
    """Clear shell: see-through with a sharp highlight."""
    roughness, ior = look.cornea
    n = Nodes("cornea")
    clear = n.add("ShaderNodeBsdfTransparent")
    gloss = n.add("ShaderNodeBsdfGlossy", Roughness=roughness)
    fresnel = n.add("ShaderNodeFresnel", IOR=ior)
    mixer = n.add("ShaderNodeMixShader")
    n.link(fresnel.outputs[0], mixer.inputs[0])
    n.link(clear.outputs[0], mixer.inputs[1])
    n.link(gloss.outputs[0], mixer.inputs[2])
    return n.finish(mixer.outputs[0])


def strand(name: str, melanin: float, redness: float, roughness: float = 0.32) -> Any:
    """Hair fibre by pigment."""
    n = Nodes(name)
    fibre = n.add("ShaderNodeBsdfHairPrincipled")
    fibre.parametrization = "MELANIN"
    fibre.inputs["Melanin"].default_value = melanin
    fibre.inputs["Melanin Redness"].default_value = redness
    fibre.inputs["Roughness"].default_value = roughness
    fibre.inputs["Random Color"].default_value = 0.25
    fibre.inputs["Random Roughness"].default_value = 0.2
    return n.finish(fibre.outputs[0])


def knit(colour: tuple[float, float, float], stitches: bpy.types.Image | None) -> Any:
    """Wool: stitches in the texture coordinates (none for a piece whose ribs are its shape)."""
    n = Nodes("knit")
    bsdf = n.add("ShaderNodeBsdfPrincipled", Roughness=0.9)
    bsdf.inputs["Specular IOR Level"].default_value = 0.25
    bsdf.inputs["Sheen Weight"].default_value = 0.15
    bsdf.inputs["Sheen Roughness"].default_value = 0.5
    fuzz = n.add("ShaderNodeBump", Strength=0.3, Distance=0.0006)
    n.link(n.noise(1400.0, 2.0), fuzz.inputs["Height"])
    tint = n.mix(
        n.remap(n.noise(160.0, 3.0), 0.35, 0.65, 0.0, 1.0),
        (*[c * 0.88 for c in colour], 1),
        (*colour, 1),
    )
    if stitches:
        height = n.add("ShaderNodeTexImage", extension="REPEAT")
        height.image = stitches
        n.link(n.texture(1 / (STITCH * TILE)), height.inputs["Vector"])
        shade = n.remap(height.outputs[0], 0.0, 0.6, 0.68, 1.0)
        tint = n.mix(1.0, tint, shade, "MULTIPLY")
        bump = n.add("ShaderNodeBump", Strength=0.55, Distance=0.0010)
        n.link(height.outputs[0], bump.inputs["Height"])
        n.link(fuzz.outputs[0], bump.inputs["Normal"])
        fuzz = bump
    n.link(tint, bsdf.inputs["Base Color"])
    n.link(fuzz.outputs[0], bsdf.inputs["Normal"])
    return n.finish(bsdf.outputs[0])


def cloth(colour: tuple[float, float, float]) -> bpy.types.Material:
    """Soft plain cloth: fine grain as bump and a little sheen."""
    n = Nodes("cloth")
    bsdf = n.add("ShaderNodeBsdfPrincipled", Roughness=0.85)
    tint = n.mix(
        n.remap(n.noise(300.0, 2.0), 0.3, 0.7, 0.0, 1.0),
        (*[c * 0.85 for c in colour], 1),
        (*colour, 1),
    )
    n.link(tint, bsdf.inputs["Base Color"])
    bsdf.inputs["Sheen Weight"].default_value = 0.25
    bump = n.add("ShaderNodeBump", Strength=0.25, Distance=0.001)
    n.link(n.noise(700.0, 2.0), bump.inputs["Height"])
    n.link(bump.outputs[0], bsdf.inputs["Normal"])
    return n.finish(bsdf.outputs[0])


def glow(image: bpy.types.Image, strength: float) -> bpy.types.Material:
    """A picture that shines: the blurred background."""
    n = Nodes("backdrop")
    texture = n.add("ShaderNodeTexImage")
    texture.image = image
    shine = n.add("ShaderNodeEmission", Strength=strength)
    n.link(texture.outputs["Color"], shine.inputs["Color"])
    return n.finish(shine.outputs[0])
