"""How work runs in a process: threads, forks, deadlines, work in advance, how far it is, and who traces it."""
