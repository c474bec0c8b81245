# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parsers of text from outside answer with what they understand, or with a domain error: the corpus, and some more."""

import random

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.fuzz import parsers

SEEDS = [(parser, number) for parser in parsers.PARSERS for number in range(len(parsers.seeds(parser)))]
EXAMPLES = 200


@pytest.mark.parametrize("parser", parsers.PARSERS)
def test_each_parser_has_a_corpus(parser):
    assert parsers.seeds(parser)


@pytest.mark.parametrize("parser, number", SEEDS)
def test_corpus(parser, number):
    parsers.run(parser, parsers.seeds(parser)[number])


@pytest.mark.parametrize("parser", parsers.PARSERS)
def test_changed_corpus(parser):
    """The same inputs in each run, so that a failure is one of the change that is tested."""
    given_texts, chance = parsers.seeds(parser), random.Random(1)
    for _number in range(EXAMPLES):
        parsers.run(parser, parsers.changed(chance.choice(given_texts), given_texts, chance))


@pytest.mark.parametrize("parser", parsers.PARSERS)
@settings(max_examples=50, deadline=None, derandomize=True, database=None, suppress_health_check=HealthCheck)
@given(chance=st.randoms(use_true_random=False), text=st.text(max_size=200))
def test_any_text(parser, chance, text):
    """What hypothesis thinks of, by itself and in the middle of the corpus; what breaks is made small."""
    texts = [*parsers.seeds(parser), text]
    parsers.run(parser, text)
    parsers.run(parser, parsers.changed(chance.choice(texts), texts, chance))
