"""What raters are asked, in which order, what they said, durably, and whether they agree."""
