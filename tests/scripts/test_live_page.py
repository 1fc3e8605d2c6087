"""The script of the page without a server, where it cannot be made."""

from __future__ import annotations

from pathlib import Path

from agents.common.cli import main
from scripts import live_page


def test_without_the_runtime_the_page_is_left_out_and_nothing_else_is_touched(tmp_path: Path, capsys):
    out = tmp_path / "live"
    (out / "page").mkdir(parents=True)
    mine = out / "page" / "mine.txt"
    mine.write_text("mine")
    (out / "index.md").write_text("mine too")
    words = ["--runtime", str(tmp_path / "nowhere"), "--folder", str(out)]
    main(live_page.run, live_page.Config, args=words)
    assert mine.exists() and (out / "index.md").exists(), "what this has not written stays"
    assert f"npm install --no-save onnxruntime-web@{live_page.VERSION}" in capsys.readouterr().out
    (out / "page" / "live.json").write_text("{}")
    main(live_page.run, live_page.Config, args=words)
    assert not (out / "page").exists() and not (out / "index.md").exists(), "no page of an earlier version is left"
