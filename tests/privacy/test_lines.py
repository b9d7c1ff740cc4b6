"""Numbers in old lines of queue_log are struck out, and nothing else is touched."""

from __future__ import annotations

from pathlib import Path

from callcenter.asterisk.queue_log import CallRecord, parse
from callcenter.privacy.lines import ASTERISK_LOG, QUEUE_LOG, strike

OWN = (
    "1000|15.1|main|NONE|ENTERQUEUE||+8613800000001|1\n"
    "1001|15.1|main|001|CONNECT|1|15.1_1|1\n"
    "2000|15.2|main|NONE|ENTERQUEUE||+8613800000002|1\n"
)
ASTERISKS = (
    "1000|15.1|NONE|NONE|CALLRECORD|telecom|12345|13800000001|990|991|1000|0||16|||\n"
    "1000|15.1|callcenter|NONE|CALLENTERED|telecom|12345|990|%3Csip:13800000001@a%3E|||||\n"
    "1000|15.1|main|NONE|ENTERQUEUE||13800000001|1\n"
)

UNKNOWN = (
    "[2017-11-22 10:31:05.250] NOTICE[7] res_pjsip/pjsip_distributor.c: Request 'INVITE' from "
    "'\"Li 13800000001\" <sip:13800000001@10.0.0.1>' failed for '203.0.113.7:5060' - No matching\n"
    "[2017-11-23 10:31:05.250] NOTICE[7] res_pjsip/pjsip_distributor.c: Request 'INVITE' from "
    "'<sip:13800000002@10.0.0.1>' failed for '203.0.113.7:5060' - No matching\n"
)


def test_lines_keep_their_length_and_younger_ones_their_numbers(tmp_path: Path) -> None:
    file = tmp_path / "queue_log"
    file.write_text(OWN)
    assert strike(file, QUEUE_LOG, before=1500) == 1
    assert file.read_text() == OWN.replace("+8613800000001", "*" * 14)
    assert strike(file, QUEUE_LOG, before=1500) == 0, "done again"


def test_asterisks_lines_can_still_be_read(tmp_path: Path) -> None:
    file = tmp_path / "queue_log"
    file.write_text(ASTERISKS)
    assert strike(file, QUEUE_LOG, before=1500) == 3
    text = file.read_text()
    assert "13800000001" not in text
    assert [len(line) for line in text.splitlines()] == [len(e) for e in ASTERISKS.splitlines()]
    record = parse(text.splitlines()[0])
    assert isinstance(record, CallRecord)
    assert (record.dialled, record.began, record.ended) == ("12345", 990, 1000)


def test_what_nobody_has_read_yet_is_left(tmp_path: Path) -> None:
    file = tmp_path / "queue_log"
    file.write_text(ASTERISKS)
    read = len(ASTERISKS.splitlines()[0]) + 1
    assert strike(file, QUEUE_LOG, before=1500, limit=read) == 1


def test_a_line_that_is_being_written_is_left(tmp_path: Path) -> None:
    file = tmp_path / "queue_log"
    file.write_text("1000|15.1|main|NONE|ENTERQUEUE||+86138")
    assert strike(file, QUEUE_LOG, before=1500) == 0


def test_asterisks_log_tells_who_tried_from_where_without_the_number(tmp_path: Path) -> None:
    file = tmp_path / "full"
    file.write_text(UNKNOWN)
    midnight = 1511366400.0  # 2017-11-23 in Asia/Shanghai
    assert strike(file, ASTERISK_LOG, midnight) == 1
    assert file.read_text() == UNKNOWN.replace(
        '"Li 13800000001" <sip:13800000001@', "**************** <sip:***********@"
    )
