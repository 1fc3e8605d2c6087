"""The suite as other libraries' own things; each file needs the extra of its name. None of them loads torch."""
