"""TRL's GRPO trains a language model on our problems: `make ecosystem-trl`. Nothing is downloaded.

The model is tiny and random, and its vocabulary holds whole tool calls, so that it solves a problem by chance and can
learn from it within the twenty steps.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gymnasium
import pytest

from tests.ecosystems.page import run_block
from trm_gym.dataset import draw
from trm_gym.registration import make_task
from trm_gym.wrappers import TextObservation

MISSING = 'trl is not installed: pip install -e ".[trl]"'
trl = pytest.importorskip("trl", reason=MISSING)
tokenizers = pytest.importorskip("tokenizers", reason=MISSING)
transformers = pytest.importorskip("transformers", reason=MISSING)
environments = pytest.importorskip("trm_gym.ecosystems.trl")

pytestmark = pytest.mark.filterwarnings("default")  # others' warnings are not ours to mend
COST = 0.1 / 16


def call(name: str, **arguments: str) -> str:
    return f"<tool_call>\n{json.dumps({'name': name, 'arguments': arguments})}\n</tool_call>"


def solution(seed: int) -> str:
    return make_task("sudoku4x4").draft_text(draw("sudoku4x4", "clues6-8", "train", 1, seed).solution[0])


def tokenizer(words: list[str]) -> Any:
    """Those words and the marks of a conversation; all else is unknown."""
    marks = ["<unk>", "<|im_start|>", "<|im_end|>", *words]
    model = tokenizers.models.WordLevel({mark: i for i, mark in enumerate(marks)}, unk_token="<unk>")
    raw = tokenizers.Tokenizer(model)
    raw.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    raw.add_tokens([tokenizers.AddedToken(word, normalized=False) for word in words])
    made = transformers.PreTrainedTokenizerFast(
        tokenizer_object=raw, unk_token="<unk>", eos_token="<|im_end|>", pad_token="<unk>"
    )
    made.chat_template = (Path(trl.__file__).parent / "chat_templates" / "qwen3.jinja").read_text(encoding="utf-8")
    return made


def small_model(vocabulary: int) -> Any:
    transformers.set_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "head_dim": 16}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 2, "max_position_embeddings": 2048}
    return transformers.Qwen3ForCausalLM(
        transformers.Qwen3Config(vocab_size=vocabulary, eos_token_id=2, pad_token_id=0, **sizes, **heads)
    )


def test_the_page_trains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    right, wrong = solution(0), solution(1)
    words = [call("hand_in", answer=right), call("hand_in", answer=wrong), call("refine", draft=right)]
    made = tokenizer(words)
    monkeypatch.setattr(transformers.AutoTokenizer, "from_pretrained", lambda name: made)
    monkeypatch.setattr(transformers.AutoModelForCausalLM, "from_pretrained", lambda name: small_model(len(made)))
    left = run_block("TRL", **{"range(1000)": "[0] * 64", "max_steps=200": "max_steps=20", "# small": SMALL})
    history = [row for row in left["trainer"].state.log_history if "reward" in row]
    rewards = [row["reward"] for row in history]
    assert len(history) == 20 and all(row["rewards/TextEnvironment/mean"] == row["reward"] for row in history)
    assert min(row["tools/failure_frequency"] for row in history) == 0
    assert sum(rewards[-5:]) / 5 > sum(rewards[:5]) / 5 + 0.2
    assert max(row["grad_norm"] for row in history) > 0


SMALL = (
    "learning_rate=0.03, logging_steps=1, report_to='none', use_cpu=True, save_strategy='no', bf16=False, "
    "gradient_checkpointing=False, disable_tqdm=True, seed=0, generation_kwargs={'bad_words_ids': [[0], [1]]},"
)


def test_the_reward_is_what_the_environment_pays():
    """Whatever is called, also nothing, or too much: the return is that of the same actions in the environment."""
    right, wrong = solution(0), solution(1)
    calls = {
        (): ["halt"],
        (("refine", right),): [right, "halt"],
        (("refine", "what?"), ("hand_in", right)): ["what?", f"{right} halt"],
        (("hand_in", wrong), ("refine", right), ("hand_in", right)): [f"{wrong} halt"],
        (("refine", wrong),) * 20: [wrong] * 16,
    }
    env = environments.TextEnvironment("sudoku4x4")
    plain = TextObservation(gymnasium.make("TRM-Sudoku4x4-v0"))
    for tools, actions in calls.items():
        asked, seen = env.reset(seed=0, prompt=[]), plain.reset(seed=0)[0]
        assert asked.endswith("\n\n" + seen["problem"])
        said = [getattr(env, name)(text) for name, text in tools]
        assert env.get_reward() == sum(plain.step(action)[1] for action in actions) == env.get_reward()
        assert not any("olved" in words for words in said[: len(actions) - 1])


def test_what_is_said():
    right = solution(0)
    env = environments.TextEnvironment("sudoku4x4")
    env.reset(seed=0)
    assert env.refine(right) == f"Draft:\n{right}\n94% of the budget is left."
    assert env.refine("1234").startswith("This is no answer: a draft of sudoku4x4 has 16 cells, got 4")
    assert env.hand_in(right) == "Solved."
    assert env.hand_in(right) == "The answer has been handed in: nothing can be changed."
    assert env.get_reward() == pytest.approx(1 - 3 * COST)


def test_its_methods_are_tools():
    schema = transformers.utils.get_json_schema
    env = environments.TextEnvironment("sudoku4x4")
    told = [schema(tool)["function"] for tool in (env.refine, env.hand_in)]
    assert [list(tool["parameters"]["properties"]) for tool in told] == [["draft"], ["answer"]]
    assert all(tool["description"] and tool["return"]["description"] for tool in told)
