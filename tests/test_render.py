"""What is seen of an episode: changes marked, step and budget shown, crisp at every scale, and as a film."""

import gymnasium
import numpy as np
import pytest

from tests.toy import ToyTask
from trm_gym.env import RefinementEnv
from trm_gym.registration import TASKS, make_task
from trm_gym.render import changes, with_bar
from trm_gym.vector import RefinementVectorEnv

every_id = pytest.mark.parametrize("env_id", [entry.env_id for entry in TASKS.values()])
BLUE, GREY = (30, 90, 200), (215, 215, 215)


def played(env_id: str, mode: str, **settings) -> RefinementEnv:
    """An environment after a step to the solution with every other free cell left blank, and one to the solution."""
    env = gymnasium.make(env_id, render_mode=mode, **settings).unwrapped
    assert isinstance(env, RefinementEnv)
    env.reset(seed=1)
    half = env.problems.solution[0].copy()
    half[np.flatnonzero(env.problems.free[0])[::2]] = 0
    for draft in (half, env.problems.solution[0]):
        env.step(np.append(draft, np.uint8(0)))
    return env


def picture(env: RefinementEnv) -> np.ndarray:
    shown = env.render()
    assert isinstance(shown, np.ndarray) and shown.dtype == np.uint8 and shown.shape[2] == 3
    return shown


@every_id
def test_what_a_step_changed_is_marked_until_the_next(env_id):
    env = played(env_id, "ansi")
    marked = str(env.render())
    draft = env.problems.solution[0]
    assert "\x1b[43m" in marked
    assert marked != f"{env.task.draw_ansi(env.problems, draft)}\nstep 2/16"
    env.step(np.append(draft, np.uint8(0)))
    assert env.render() == f"{env.task.draw_ansi(env.problems, draft)}\nstep 3/16"


@every_id
def test_pictures_of_a_change_differ_from_those_without(env_id):
    env = played(env_id, "rgb_array")
    task, problems, before, draft = env.task, env.problems, env.episodes.before[0], env.episodes.drafts[0]
    plain = task.draw_rgb(problems, draft, "")
    assert (task.draw_rgb(problems, np.stack([before, draft]), "") != plain).any()
    np.testing.assert_array_equal(task.draw_rgb(problems, np.stack([draft, draft]), ""), plain)


@pytest.mark.parametrize(
    ("name", "colour", "side"), [("sudoku6x6", (255, 236, 150), 48), ("maze11x11", (250, 205, 60), 43)]
)
def test_only_changed_cells_carry_the_mark(name, colour, side):
    task = make_task(name)
    problems = task.generate(1, task.default_level, "train", 0)
    drafts = np.stack([problems.solution[0], problems.solution[0]])
    cells = np.flatnonzero(problems.free[0])[[0, 5]]
    drafts[0, cells] = 0
    yellow = (task.draw_rgb(problems, drafts, "") == colour).all(axis=2)
    rows, columns = ((np.argwhere(yellow) - 16) // side).T
    assert set((rows * task.structure.shape[1] + columns).tolist()) == set(cells.tolist())


def test_changes_are_told_from_two_drafts():
    draft, changed = changes(np.array([[1, 2, 3], [1, 0, 4]], np.uint8))
    assert draft.tolist() == [1, 0, 4] and changed.tolist() == [False, True, True]
    draft, changed = changes(np.array([1, 0, 4], np.uint8))
    assert draft.tolist() == [1, 0, 4] and not changed.any()


@every_id
def test_a_scale_repeats_every_pixel(env_id):
    small, large = picture(played(env_id, "rgb_array")), picture(played(env_id, "rgb_array", render_scale=3))
    np.testing.assert_array_equal(large[1::3, 2::3], small)
    assert large.shape == (3 * small.shape[0], 3 * small.shape[1], 3)
    assert small.shape[0] % 2 == small.shape[1] % 2 == 0, "video codecs refuse odd sides"


def test_the_bar_shows_the_share_that_is_left():
    for left, filled in ((1, 100), (0.25, 25), (0, 0)):
        bar = with_bar(np.zeros((11, 99, 3), np.uint8), left)
        assert bar.shape == (20, 100, 3)
        assert (bar[-1] == BLUE).all(axis=1).sum() == filled and (bar[-1] == GREY).all(axis=1).sum() == 100 - filled
    shown = picture(played("TRM-Sudoku4x4-v0", "rgb_array", max_steps=4))
    assert (shown[-1] == BLUE).all(axis=1).mean() == 0.5


def test_slots_of_a_batch_are_shown_alike():
    envs = RefinementVectorEnv(2, make_task("sudoku4x4"), render_mode="rgb_array", render_scale=2)
    envs.reset(seed=1)
    envs.step(np.concatenate([envs.problems.solution, np.zeros((2, 1), np.uint8)], axis=1))
    single = RefinementEnv(make_task("sudoku4x4"), render_mode="rgb_array", render_scale=2)
    single.reset(seed=2)
    single.step(np.append(single.problems.solution[0], np.uint8(0)))
    np.testing.assert_array_equal(envs.render()[1], picture(single))


@pytest.mark.parametrize("scale", [0, 17, 1.5, True, "2"])
def test_bad_scales_are_errors(scale):
    with pytest.raises(ValueError, match="render_scale must be a whole number from 1 to 16"):
        RefinementEnv(ToyTask(), render_scale=scale)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Of the library that encodes.
@pytest.mark.parametrize("env_id", ["TRM-Sudoku4x4-v0", "TRM-Maze-v0", "TRM-Sudoku4x4-Cells-v0"])
def test_an_episode_becomes_a_film(env_id, tmp_path):
    pytest.importorskip("moviepy", reason="films need the library moviepy: pip install moviepy")
    env = gymnasium.make(env_id, render_mode="rgb_array")
    folder = tmp_path / "film"  # A folder that exists already would be warned of.
    env = gymnasium.wrappers.RecordVideo(env, str(folder), disable_logger=True)
    env.action_space.seed(0)
    env.reset(seed=0)
    ended = False
    while not ended:
        ended = env.step(env.action_space.sample())[2]
    env.close()
    (film,) = folder.glob("*.mp4")
    assert film.read_bytes()[4:8] == b"ftyp" and film.stat().st_size > 1000
