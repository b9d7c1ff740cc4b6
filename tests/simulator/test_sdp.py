"""Offers and answers of one G.711 stream."""

from __future__ import annotations

import pytest

from callcenter.simulator.audio import PCMA, PCMU
from callcenter.simulator.sdp import Direction, describe, understand
from callcenter.simulator.sip import SipError

OFFER = """v=0
o=- 1 1 IN IP4 10.0.0.1
s=-
c=IN IP4 10.0.0.1
t=0 0
m=audio 4000 RTP/AVP 9 0 8 96
a=rtpmap:96 telephone-event/8000
a=sendonly
m=video 4002 RTP/AVP 31
"""


def test_our_offer_is_understood() -> None:
    media = understand(describe("127.0.0.1", 4000, version=1))
    assert (media.host, media.port, media.codec) == ("127.0.0.1", 4000, PCMA)
    assert (media.telephone_event, media.direction) == (101, Direction.BOTH)


def test_the_first_codec_that_we_speak_is_taken() -> None:
    media = understand(OFFER.encode())
    assert (media.codec, media.telephone_event) == (PCMU, 96)


def test_an_answer_takes_one_stream_refuses_the_others_and_mirrors_a_hold() -> None:
    answer = describe("127.0.0.1", 5000, version=2, answering=understand(OFFER.encode())).decode()
    assert "m=audio 5000 RTP/AVP 0 96\r\n" in answer
    assert "m=video 0 RTP/AVP 31" in answer
    assert "a=recvonly" in answer


@pytest.mark.parametrize(
    "body",
    [
        "",
        "m=audio 4000 RTP/AVP 9\r\n",
        OFFER.replace("0 8 ", ""),
        OFFER.replace("m=audio 4000", "m=audio 0"),
    ],
)
def test_a_description_without_g711_is_refused(body: str) -> None:
    with pytest.raises(SipError, match="PCMA or PCMU"):
        understand(body.encode())
