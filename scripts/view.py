"""Watch networks think on a page in the browser: test problems or your own, draft by draft, with every rule's stop.

trm-gym view                                  opens at http://127.0.0.1:8421, on this machine alone
trm-gym view --checkpoints runs/mine          with a network of your own beside the shipped ones
"""

from __future__ import annotations

import gc
from dataclasses import dataclass

from agents.common.checks import Checked, above_zero, at_least_one
from agents.common.cli import main

LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class Config(Checked):
    """Serve the page until Ctrl-C. It asks no other host for anything."""

    port: int = 8421
    """The port of this machine at which the page is."""
    host: str = "127.0.0.1"
    """The address to listen at: this machine alone by default. At 0.0.0.0 everyone who reaches this machine may use
    it, and nothing asks who they are."""
    checkpoints: tuple[str, ...] = ()
    """Folders with networks of your own, to choose from beside the shipped ones."""
    most: int = 16
    """Runs at the same time; more are asked to come back."""
    seconds: float = 300.0
    """How long one run may take."""

    prefix = "--"

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "port", "most")
        above_zero(self, "seconds")
        if self.port > 65535:
            raise ValueError(f"--port must be at most 65535, got {self.port}")


def run(config: Config) -> None:
    """Serve the page."""
    from agents.viewer.app import LOOPBACK as LOCAL_NAMES  # needs the extra, and --help does not
    from agents.viewer.app import create_app, serve, warm_up
    from agents.viewer.readying import making_ready

    alone = config.host in LOOPBACK
    app = create_app(config.checkpoints, LOCAL_NAMES if alone else ("*",), config.most, config.seconds)
    shown = f"[{config.host}]" if ":" in config.host else config.host
    reach = "on this machine alone" if alone else "and everyone who reaches this address may use it"

    def ready() -> None:
        print(f"http://{shown}:{config.port} is open, {reach}. Ctrl-C ends it.", flush=True)

    warm_up(app)
    gc.freeze()  # what is there by now stays, and need not be looked through whenever a run is over
    with making_ready():
        serve(app, config.host, config.port, ready)


if __name__ == "__main__":
    main(run, Config)
