"""RLlib's env runner plays our ids. Ray pins an older gymnasium, so it has an environment of its own:

python -m venv rllib && rllib/bin/pip install -e ".[rllib,test]"
rllib/bin/python -m pytest tests/ecosystems/test_rllib.py
"""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest

import trm_gym

MISSING = 'ray is not installed: pip install -e ".[rllib]" in an environment of its own'
connectors = pytest.importorskip("ray.rllib.connectors.env_to_module", reason=MISSING)
ppo = pytest.importorskip("ray.rllib.algorithms.ppo", reason=MISSING)
runners = pytest.importorskip("ray.rllib.env.single_agent_env_runner", reason=MISSING)

BUDGET = 3


def flattened(*_: Any) -> Any:
    """RLlib's own connector to one vector with one-hot tokens, because its networks take no Dict."""
    return connectors.FlattenObservations()


@pytest.mark.filterwarnings("default")  # others' warnings are not ours to mend
@pytest.mark.parametrize(("task_name", "env_id"), [("sudoku4x4", "TRM-Sudoku4x4-v0"), ("maze11x11", "TRM-Maze-v0")])
def test_episodes_are_what_gymnasium_gives_for_their_actions(task_name: str, env_id: str):
    config = (
        ppo.PPOConfig()
        .environment(f"trm_gym:{env_id}", env_config={"max_steps": BUDGET})
        .env_runners(num_env_runners=0, num_envs_per_env_runner=2, env_to_module_connector=flattened)
    )
    runner = runners.SingleAgentEnvRunner(config=config)
    episodes = runner.sample(num_episodes=6, random_actions=False)
    runner.stop()
    assert len(episodes) == 6 and len({len(episode) for episode in episodes}) > 1
    task = trm_gym.make_task(task_name)
    plain = gymnasium.wrappers.FlattenObservation(gymnasium.make(env_id, max_steps=BUDGET))
    for episode in episodes:
        shown, actions = episode.get_observations(), episode.get_actions()
        problem = shown[0][-task.length * task.vocab :].reshape(task.length, task.vocab).argmax(-1)
        seen, ended = plain.reset(options={"problem": task.decode(problem.astype(np.uint8))})[0], False
        for step, action in enumerate(actions):
            assert not ended and np.array_equal(shown[step], seen)
            seen, reward, ended, _, _ = plain.step(action)
            assert episode.get_rewards(step) == reward
        assert ended and episode.is_terminated and not episode.is_truncated
        assert np.array_equal(shown[-1], seen)
