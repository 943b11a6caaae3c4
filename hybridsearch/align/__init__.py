"""Alignment: train an encoder further on a catalogue's pictures and words. `towers` and `train` alone import torch."""
