"""What comes in from programs and files, which may be anything: read as what it should be, or refused by its name."""
