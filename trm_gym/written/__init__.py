"""What tasks of text share: questions, one table of signs, typesetting, and drafts as text."""
