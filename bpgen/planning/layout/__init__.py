"""In which order the axes of each array stand in memory."""
