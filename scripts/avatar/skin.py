"""Materials: skin, lips, eyes, teeth, tongue, hair and cloth, all procedural."""

from __future__ import annotations

from typing import Any

import bpy
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
        """Noise value in object space."""
        coordinates = self.add("ShaderNodeTexCoord")
        node = self.add("ShaderNodeTexNoise", Scale=scale, Detail=detail)
        self.link(coordinates.outputs["Object"], node.inputs["Vector"])
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


def skin(face: Any, lips_image: Any, look: Skin) -> bpy.types.Material:
    """Skin: the painted face by attribute `place`; lips are smoother and wetter.

    Attribute `zones` holds (inside of the mouth, scalp under hair, unused).
    """
    n = Nodes("skin")
    place = n.add("ShaderNodeAttribute", attribute_name="place").outputs["Vector"]
    painted = n.add("ShaderNodeTexImage", extension="EXTEND")
    painted.image = face
    red = n.add("ShaderNodeTexImage", extension="EXTEND")
    red.image = lips_image
    n.link(place, painted.inputs[0])
    n.link(place, red.inputs[0])
    colour, lips = painted.outputs[0], red.outputs[0]
    zones = n.add("ShaderNodeAttribute", attribute_name="zones")
    split = n.add("ShaderNodeSeparateColor")
    n.link(zones.outputs["Color"], split.inputs[0])
    colour = n.mix(split.outputs[0], colour, (0.13, 0.028, 0.026, 1))
    colour = n.mix(split.outputs[1], colour, (0.055, 0.030, 0.020, 1))
    mottle = n.remap(n.noise(55.0, 4.0), 0.3, 0.7, 0.0, 1.0)
    colour = n.mix(0.16, colour, n.mix(mottle, (0.86, 0.72, 0.68, 1), (1, 1, 1, 1)), "MULTIPLY")
    bsdf = n.add("ShaderNodeBsdfPrincipled")
    n.link(colour, bsdf.inputs["Base Color"])
    bsdf.inputs["Subsurface Weight"].default_value = 1.0
    bsdf.inputs["Subsurface Radius"].default_value = look.scatter
    bsdf.inputs["Subsurface Scale"].default_value = 0.0042
    if look.mouth_glow:
        bsdf.inputs["Emission Color"].default_value = (0.20, 0.020, 0.018, 1)
        glow = n.remap(split.outputs[0], 0.02, 0.30, 0.0, look.mouth_glow)
        n.link(glow, bsdf.inputs["Emission Strength"])
    rough = n.remap(lips, 0.0, 1.0, look.roughness, look.lip_roughness)
    n.link(rough, bsdf.inputs["Roughness"])
    bsdf.inputs["Specular IOR Level"].default_value = look.gloss
    pores = n.add("ShaderNodeBump", Strength=0.16, Distance=0.0006)
    n.link(n.noise(900.0, 3.0), pores.inputs["Height"])
    waves = n.add("ShaderNodeBump", Strength=0.12, Distance=0.002)
    n.link(n.noise(130.0, 3.0), waves.inputs["Height"])
    n.link(pores.outputs[0], waves.inputs["Normal"])
    n.link(waves.outputs[0], bsdf.inputs["Normal"])
    return n.finish(bsdf.outputs[0])


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
    """Eyeball from MakeHuman's iris picture, less red, with a wet coat."""
    n = Nodes("eyeball")
    texture = n.add("ShaderNodeTexImage")
    texture.image = bpy.data.images.load(image)
    texture.image.alpha_mode = "NONE"
    hue = n.add("ShaderNodeHueSaturation", Hue=0.53, Saturation=0.95, Value=look.bright)
    n.link(texture.outputs["Color"], hue.inputs["Color"])
    bsdf = n.add("ShaderNodeBsdfPrincipled", Roughness=0.35)
    n.link(hue.outputs[0], bsdf.inputs["Base Color"])
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


def cloth(colour: tuple[float, float, float]) -> bpy.types.Material:
    """Soft knit: fine ribs as bump and a little sheen."""
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
