"""Reproducible training of the audio encoder: speech, targets, network, ONNX file, evaluation.

Run ``python -m scripts.train --help`` in the repository root.
"""
