"""What `hybridsearch init` proposes: from a sample of a catalogue to a configuration."""
