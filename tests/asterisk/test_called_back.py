"""The channel of a citizen who is called back has an id of its own, and the leg the call's name."""

from __future__ import annotations

import json

from callcenter.asterisk.called_back import CalledBack


def test_other_legs_are_named_as_their_channels() -> None:
    assert (CalledBack().channel("15.1"), CalledBack().leg("15.1_2")) == ("15.1", "15.1_2")


def test_a_channel_that_we_made_has_the_ending() -> None:
    names = CalledBack()
    names.made("15.1")
    assert (names.channel("15.1"), names.leg("15.1_c")) == ("15.1_c", "15.1")


def test_what_asterisk_tells_is_in_the_legs_names_and_remembered() -> None:
    """After a restart of ours nobody else knows."""
    names = CalledBack()
    channel, playback = '{"id": "15.1_c"}', '{"id": "15.1_3", "target_uri": "channel:15.2_c"}'
    told = f'{{"channel": {channel}, "playback": {playback}}}'
    event = json.loads(told, object_hook=names.named)
    assert event == {
        "channel": {"id": "15.1"},
        "playback": {"id": "15.1_3", "target_uri": "channel:15.2"},
    }
    assert (names.channel("15.1"), names.channel("15.2")) == ("15.1_c", "15.2_c")
