"""Problems of one's own, solved by a trained network: one, a file of many, several branches, and how it thought."""

from trm_gym.extras import require

require("agents", "torch")
