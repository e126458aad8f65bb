"""One file per revision; its name begins with its revision id, and ids sort by age."""
