"""Learning what each signal is worth from judgments or clicks, and refusing what does not help."""
