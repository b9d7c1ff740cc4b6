"""A small plan for tests of what stands behind it: a number of each mode, three operators."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from callcenter.numberplan.loader import load_texts
from callcenter.numberplan.model import Plan

TEXTS: Mapping[str, str] = {
    "dialplan/centre.yaml": "area_code: '0519'\norder_area: '320481'\n",
    "dialplan/emergencies.yaml": """
trunks: [telecom, unicom]
emergencies:
  110: {service: 公安报警}
""",
    "dialplan/phases.yaml": """
phases:
  integration: {title: 热线整合, first: 2017-05-01, last: 2017-10-31}
  trial_run: {title: 试运行, first: 2017-11-01, last: 2018-06-30}
  formal_run: {title: 正式运行, first: 2018-07-01}
""",
    "dialplan/numbers.yaml": """
queue: hotline
announcements: {forwarded: forwarded_generic, announced: announced_generic}
numbers:
  12345: {mode: primary, owner: 政务办, service: 政府公共服务热线}
  12310:
    mode: direct_keep
    month: 2017-05
    owner: 编办
    service: 机构编制举报服务热线
    own_line: {digits: '66660001', via: [telecom, unicom]}
  87209900:
    mode: direct_retire
    month: 2017-05
    owner: 政务办
    service: 政务服务咨询投诉热线
    own_line: {digits: '66660002', via: [telecom, unicom]}
  12319:
    mode: parallel
    month: 2017-11
    owner: 城管局
    service: 数字城管热线
    own_line: {digits: '12319', via: ['12319']}
  12366-2:
    mode: parallel
    month: 2017-11
    owner: 地税局
    service: 税务服务热线
    own_line: {digits: '66660003', via: [telecom, unicom]}
    after_answer: {digits: '2', pause: 1.5}
  12315:
    mode: resident
    month: 2017-06
    owner: 市场监管局
    service: 消费者举报投诉热线
    own_line: {digits: '66660004', via: [telecom]}
    trunk: changzhou
""",
    "dialplan/queues.yaml": """
queues:
  hotline:
    title: 综合受理
    greeting: greeting
    ring_seconds: 20
    wrap_up_seconds: 60
    max_wait_seconds: 1800
""",
    "dialplan/menus.yaml": "menus: {}\n",
    "dialplan/hours.yaml": """
hours:
  always:
    title: 全天
    weekly: {monday: [00:00-24:00]}
  mondays:
    title: 周一
    weekly: {monday: [08:00-12:00]}
""",
    "dialplan/units.yaml": """
levels: {department: 部门}
groups: {'1': 部门}
units:
  政务办: {kind: administrative, level: department, groups: ['1']}
  编办: {kind: administrative, level: department, groups: ['1']}
  城管局: {kind: administrative, level: department, groups: ['1']}
  地税局: {kind: administrative, level: department, groups: ['1']}
  市场监管局: {kind: administrative, level: department, groups: ['1']}
""",
    "agents/operators.yaml": """
operators:
  '001': {name: 李静}
  '002': {name: 陈刚}
  '003': {name: 王敏}
""",
    "agents/seats.yaml": """
seats:
  seat01: {title: 一号席}
  seat02: {title: 二号席}
  seat03: {title: 三号席}
""",
    "agents/feature_codes.yaml": """
not_ready_reasons:
  break: {code: '1', title: 小休}
  meal: {code: '2', title: 用餐}
""",
    "trunks/telecom.yaml": """
title: 电信
kind: carrier
host: 127.0.0.2
channels: 6
reserved: 1
trust: {asserted_identity: true, diversion: true, history_info: true}
""",
    "trunks/unicom.yaml": """
title: 联通
kind: carrier
host: 127.0.0.3
channels: 3
reserved: 1
""",
    "trunks/12319.yaml": "{title: 数字城管, kind: platform, host: 127.0.0.4, channels: 5}\n",
    "trunks/changzhou.yaml": "{title: 常州平台, kind: platform, host: 127.0.0.5, channels: 5}\n",
    "ivr_prompts/catalog.yaml": "prompts:\n"
    + "".join(
        f"  {name}: {{text: {name}}}\n"
        for name in (
            "greeting", "queue_sorry", "enter_pin", "cannot_dial", "system_busy",
            "forwarded_generic", "announced_generic", "forwarded_87209900", "announced_87209900",
            "forward_busy", "forward_no_answer", "forward_unreachable", "pin_wrong", "signed_in",
            "signed_out", "now_ready", "now_not_ready", "seat_taken", "already_signed_in",
            "not_signed_in", "not_possible", "unknown_code", "operator_suffix",
            "menu_main", "menu_more", "menu_wrong", "menu_none", "voice_mail_greeting",
            "voice_mail_thanks", "voice_mail_nothing",
        )
    ),
}  # fmt: skip


def plan_of(texts: Mapping[str, str]) -> Plan:
    """The plan in these texts, all prompts recorded."""
    names = [line.split(":")[0].strip() for line in texts["ivr_prompts/catalog.yaml"].split("\n")]
    loaded = load_texts(texts, frozenset(name for name in names if name))
    assert loaded.plan is not None, "\n".join(str(error) for error in loaded.errors)
    return loaded.plan


WITH_MENUS: Mapping[str, str] = {
    **TEXTS,
    "dialplan/numbers.yaml": TEXTS["dialplan/numbers.yaml"]
    + """
  12333: {mode: primary, owner: 政务办, service: 有菜单的热线, greeting: greeting, menu: main}
  12348:
    mode: primary
    owner: 政务办
    service: 周一开放的热线
    hours: always
    closed: {voice_box: night, prompt: system_busy}
""",
    "dialplan/menus.yaml": """
menus:
  main:
    prompt: menu_main
    choices:
      1: {title: 人工, queue: hotline}
      2: {title: 更多, menu: more}
      3: {title: 城管, partner: 12319}
      9: {title: 留言, voice_box: night}
    seconds: 5
    repeats: 2
    wrong: menu_wrong
    none: menu_none
    otherwise: {queue: hotline, prompt: system_busy}
  more:
    prompt: menu_more
    choices:
      0: {title: 返回, menu: main}
      '*': {title: 告知, announce: announced_generic}
    repeats: 0
    otherwise: {voice_box: night}
""",
    "dialplan/voice_boxes.yaml": """
voice_boxes:
  night:
    title: 夜间留言
    longest_seconds: 120
    silence_seconds: 5
    least_seconds: 2
    queue: hotline
    unit: 政务办
""",
}
"""The same city with menus, and a hotline that is open on Mondays alone."""


@cache
def menu_plan() -> Plan:
    """The plan above."""
    return plan_of(WITH_MENUS)


@cache
def small_plan() -> Plan:
    """The plan above."""
    return plan_of(TEXTS)


def edited(file: str, old: str, new: str) -> Plan:
    """The small plan with one edit."""
    assert old in TEXTS[file]
    return plan_of({**TEXTS, file: TEXTS[file].replace(old, new)})


CITIZENS = "citizens: {via: [telecom, unicom], shows: '051912345'}\n"
CALLBACK = """    announce: {first: 20, every: 40}
    callback: {key: '1', after: 0, ring_seconds: 30, tries: 2, again_minutes: 10, keep_hours: 2}
"""


@cache
def with_everything() -> Plan:
    """Menus, voice mail and callbacks."""
    texts = dict(WITH_MENUS)
    texts["dialplan/queues.yaml"] += CALLBACK
    to_callback = "      8: {title: 回电, callback: hotline}\n      9:"
    texts["dialplan/menus.yaml"] = texts["dialplan/menus.yaml"].replace("      9:", to_callback)
    texts["dialplan/centre.yaml"] += CITIZENS
    return plan_of(texts)


@cache
def with_callbacks(callback: str = CALLBACK) -> Plan:
    """The small plan, where who waits hears their place and may be called back."""
    texts = dict(TEXTS)
    texts["dialplan/queues.yaml"] += callback
    texts["dialplan/centre.yaml"] += CITIZENS
    return plan_of(texts)


@cache
def led_to_callbacks() -> Plan:
    """The small plan, whose queue is closed on all days but Monday, and calls back then."""
    rule = CALLBACK.replace("callback: {", "callback: {hours: always, ")
    closed = "    hours: always\n    closed: {callback: hotline, prompt: system_busy}\n"
    return with_callbacks(rule + closed)


SURVEYS = """
surveys:
  satisfaction:
    title: 满意度
    questions:
      service: {title: 服务, prompt: ask_service, keys: {'5': 非常满意, '1': 不满意}}
      solved: {title: 解答, prompt: ask_solved, keys: {'1': 已解答, '2': 未解答}}
    thanks: thanks
    wrong_key: wrong_key
    key_seconds: 8
    repeats: 1
    longest_seconds: 100
"""
COMMENT = """      comment:
        title: 意见
        prompt: ask_comment
        comment: {longest_seconds: 40, silence_seconds: 4, least_seconds: 1}
"""
WITH_COMMENT = SURVEYS.replace("    thanks:", f"{COMMENT}    thanks:")
"""The same, and then the caller is asked for a comment."""


def survey_texts(survey: str = SURVEYS) -> dict[str, str]:
    """The small plan's texts, with a survey for its queue."""
    texts = {**TEXTS, "dialplan/surveys.yaml": survey}
    texts["dialplan/queues.yaml"] += "    survey: satisfaction\n"
    texts["ivr_prompts/catalog.yaml"] += "".join(
        f"  {name}: {{text: {name}}}\n"
        for name in ("ask_service", "ask_solved", "ask_comment", "thanks", "wrong_key")
    )
    return texts


@cache
def surveying(survey: str = SURVEYS) -> Plan:
    """The small plan, whose callers are asked two questions after the talk."""
    return plan_of(survey_texts(survey))


PROTECTION = """
limits:
  - {calls: 2, minutes: 10}
  - {calls: 3, minutes: 60}
limited_prompt: caller_limited
blocked_prompt: caller_blocked
nuisance: {marks: 2, days: 30, block_hours: 24, treatment: reject}
silent: {prompt: caller_silent, seconds: 15}
"""


def protected_texts(texts: Mapping[str, str], protection: str = PROTECTION) -> dict[str, str]:
    """A plan's texts, with rules against callers who keep others out."""
    changed = {**texts, "dialplan/protection.yaml": protection}
    changed["ivr_prompts/catalog.yaml"] += "".join(
        f"  {name}: {{text: {name}}}\n"
        for name in (
            *("caller_limited", "caller_blocked", "caller_silent"),
            *("caller_marked", "caller_kept", "caller_released"),
        )
    )
    return changed


@cache
def after_and_against() -> Plan:
    """The small plan with a survey and with rules against callers who keep others out."""
    return plan_of(protected_texts(survey_texts(WITH_COMMENT)))


def with_queues(queues: str, *, operators: str = "", numbers: str = "") -> Plan:
    """The small plan with other queues; 12310 leads to `second`. `operators` and `numbers` are
    written instead of the plan's operators, and at the end of its numbers. Messages can be left and
    citizens called back."""
    texts = {**TEXTS, "dialplan/voice_boxes.yaml": WITH_MENUS["dialplan/voice_boxes.yaml"]}
    texts["dialplan/centre.yaml"] += CITIZENS
    texts["dialplan/queues.yaml"] = f"queues:\n{queues}"
    texts["dialplan/numbers.yaml"] = (
        texts["dialplan/numbers.yaml"].replace(
            "    service: 机构编制举报", "    queue: second\n    service: 机构编制举报"
        )
        + numbers
    )
    if operators:
        texts["agents/operators.yaml"] = operators
    return plan_of(texts)


@cache
def without_queue() -> Plan:
    """The same city after an edit that renamed its queue, and let operator 002 go."""
    texts = dict(TEXTS)
    texts["dialplan/queues.yaml"] = texts["dialplan/queues.yaml"].replace("hotline:", "other:")
    texts["dialplan/numbers.yaml"] = texts["dialplan/numbers.yaml"].replace(
        "queue: hotline", "queue: other"
    )
    texts["agents/operators.yaml"] = texts["agents/operators.yaml"].replace(
        "  '002': {name: 陈刚}\n", ""
    )
    return plan_of(texts)
