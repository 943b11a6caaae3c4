"""Alignment: adapt an encoder to a catalogue. `towers`, `train` and `linear` alone import torch with the module."""
