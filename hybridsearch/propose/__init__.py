"""What `hybridsearch init` says: from a sample of a catalogue to a configuration."""
