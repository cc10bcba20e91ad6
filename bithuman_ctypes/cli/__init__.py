"""The commands: ``essence-render``, and ``python -m bithuman_ctypes`` with its subcommands."""
