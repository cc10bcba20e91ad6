"""What a frozen program needs of us that PyInstaller does not see in the imports."""

from importlib.util import find_spec

from PyInstaller.utils.hooks import (
    collect_data_files,
    collect_dynamic_libs,
    collect_submodules,
    copy_metadata,
)


def _wanted(name: str) -> bool:
    """All modules: names are loaded when they are first used. Plug-ins only with their hosts."""
    if name.startswith("bithuman_ctypes.__pyinstaller"):
        return False
    return not name.startswith("bithuman_ctypes.livekit") or find_spec("livekit") is not None


hiddenimports = ["_cffi_backend", *collect_submodules("bithuman_ctypes", filter=_wanted)]
binaries = collect_dynamic_libs("bithuman_ctypes")
datas = collect_data_files("bithuman_ctypes") + copy_metadata("bithuman-ctypes")
