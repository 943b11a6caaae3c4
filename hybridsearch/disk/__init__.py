"""Files that survive a power cut, locks between processes, and disk errors as errors of this package."""
