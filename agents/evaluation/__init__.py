"""From graded drafts to what people read: the protocol, reports, tables, pictures, and many runs as one."""

from trm_gym.extras import require

require("agents", "torch")
