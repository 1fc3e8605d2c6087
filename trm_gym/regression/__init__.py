"""Formula finding: points of an unknown function are shown, and the draft is a whole formula."""
