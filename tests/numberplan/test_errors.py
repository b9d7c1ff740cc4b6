"""Each kind of mistake in the plan's files is told at its place, with what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from callcenter.numberplan.loader import load, load_texts
from tests.numberplan.edits import loaded, place_of_caret, prompts_of, replaced
from tests.plans import TEXTS

CENTRE = "dialplan/centre.yaml"
NUMBERS = "dialplan/numbers.yaml"
EMERGENCIES = "dialplan/emergencies.yaml"
PHASES = "dialplan/phases.yaml"
QUEUES = "dialplan/queues.yaml"
MENUS = "dialplan/menus.yaml"
BOXES = "dialplan/voice_boxes.yaml"
HOURS = "dialplan/hours.yaml"
UNITS = "dialplan/units.yaml"
OPERATORS = "agents/operators.yaml"
SEATS = "agents/seats.yaml"
CODES = "agents/feature_codes.yaml"
CATALOG = "ivr_prompts/catalog.yaml"
TELECOM = "trunks/telecom.yaml"
UNICOM = "trunks/unicom.yaml"
ROOM = (
    "rooms:\n"
    "  dispatch: {title: 调度室, extension: '600', line: {digits: '66660600', via: [telecom]}}\n"
)

# What is wrong: file, the passage, what stands in its place (‸ where the error is), the message.
# An empty passage means that the text is added at the file's end.
MISTAKES: dict[str, tuple[str, str, str, str]] = {
    # -- YAML itself
    "syntax": (
        QUEUES,
        "title: 综合受理",
        "title: 综合‸: 受理",
        "is not YAML (mapping values are not allowed in this context); "
        "correct the syntax here or just before",
    ),
    "a tab": (
        QUEUES,
        "    title: 综合受理",
        "‸\ttitle: 综合受理",
        "is not YAML (while scanning for the next token; found character that cannot start any "
        "token); write spaces instead of the tab",
    ),
    "the colon of Chinese keyboards": (
        QUEUES,
        "    title: 综合受理",
        "    title‸：综合受理",
        "is not YAML (mapping values are not allowed in this context); "
        "write `: ` instead of the wide `：`",
    ),
    "a list instead of a file of keys": (
        MENUS,
        "menus: {}\n",
        "‸- menus\n",
        "is no mapping; write `key: value` lines",
    ),
    "a key twice": (
        OPERATORS,
        "  '003': {name: 王敏}",
        "  ‸'002': {name: 王敏}",
        "'002' is here for the second time (first on line 4, column 3); "
        "remove or rename one of the two",
    ),
    "an alias": (
        OPERATORS,
        "'002': {name: 陈刚}\n  '003': {name: 王敏}",
        "'002': ‸&two {name: 陈刚}\n  '003': *two",
        "is used again by an alias (*); write the value out instead",
    ),
    "a key that is no word": (
        OPERATORS,
        "'003': {name: 王敏}",
        "? ‸[a]\n  : {name: 王敏}",
        "a key must be a single word or number; write it so",
    ),
    # -- shape
    "unknown key": (
        QUEUES,
        "    ring_seconds: 20",
        "    ‸ring_second: 20",
        "queues.hotline.ring_second is not a key that is known here; did you mean 'ring_seconds'?",
    ),
    "unknown key with nothing near it": (
        TELECOM,
        "reserved: 1",
        "reserved: 1\n‸secret: x",
        "secret is not a key that is known here; write one of: channels, dial_prefix, host, "
        "kind, port, reference_header, reserved, title, trust",
    ),
    "missing key": (
        NUMBERS,
        "  12345: {mode: primary, owner: 政务办, service: 政府公共服务热线}",
        "  ‸12345: {mode: primary, owner: 政务办}",
        "numbers.12345.service is missing; write `service: …`",
    ),
    "key without value": (
        NUMBERS,
        "service: 政府公共服务热线}",
        "‸service: }",
        "numbers.12345.service has no value; write `service: …`",
    ),
    "text instead of a number": (
        QUEUES,
        "ring_seconds: 20",
        "ring_seconds: ‸soon",
        "queues.hotline.ring_seconds: 'soon' does not fit; write a number, such as 2.5",
    ),
    "text instead of a whole number": (
        TELECOM,
        "channels: 6",
        "channels: ‸6.5",
        "channels: '6.5' does not fit; write a whole number, such as 30",
    ),
    "text instead of true or false": (
        TELECOM,
        "diversion: true",
        "diversion: ‸perhaps",
        "trust.diversion: 'perhaps' does not fit; write true or false",
    ),
    "a list instead of a value": (
        QUEUES,
        "title: 综合受理",
        "title: ‸[综合受理]",
        "queues.hotline.title: a list does not fit; write a single value",
    ),
    "a value instead of a list": (
        EMERGENCIES,
        "trunks: [telecom, unicom]",
        "trunks: ‸telecom",
        "trunks: 'telecom' does not fit; write a list, such as [a, b]",
    ),
    "a value instead of keys": (
        OPERATORS,
        "'003': {name: 王敏}",
        "'003': ‸王敏",
        "operators.003: '王敏' does not fit; write `key: value` lines, indented",
    ),
    "out of range": (
        QUEUES,
        "ring_seconds: 20",
        "ring_seconds: ‸0",
        "queues.hotline.ring_seconds: '0' is out of range; write more than 0.0",
    ),
    "not a mode": (
        NUMBERS,
        "mode: direct_keep",
        "mode: ‸direct_kept",
        "numbers.12310.mode: 'direct_kept' is not known; did you mean 'direct_keep'?",
    ),
    "a day that does not exist": (
        PHASES,
        "first: 2018-07-01",
        "first: ‸2018-06-31",
        "phases.formal_run.first: '2018-06-31' does not fit; "
        "write a day that exists, as YYYY-MM-DD",
    ),
    "no day at all": (
        PHASES,
        "first: 2018-07-01",
        "first: ‸1530374400",
        "phases.formal_run.first: '1530374400' does not fit; "
        "write a day as YYYY-MM-DD, such as 2017-11-01",
    ),
    "no month": (
        NUMBERS,
        "month: 2017-06",
        "month: ‸2017-13",
        "numbers.12315.month: '2017-13' does not fit; write a month as YYYY-MM, such as 2017-05",
    ),
    "operator's number of two digits": (
        OPERATORS,
        "  '003': {name",
        "  ‸'03': {name",
        "operators.03: '03' does not fit; write three digits, in quotes, such as '001'",
    ),
    "no file name of ours": (
        "dialplan/number.yaml",
        "",
        "‸numbers: {}\n",
        "is no file of the plan; did you mean 'dialplan/numbers.yaml'? A trunk is trunks/NAME.yaml",
    ),
    # -- names that are not there
    "no such queue, for all": (
        NUMBERS,
        "queue: hotline",
        "queue: ‸hotlin",
        "there is no queue 'hotlin'; did you mean 'hotline'?",
    ),
    "no such queue, for one": (
        NUMBERS,
        "month: 2017-06",
        "month: 2017-06\n    queue: ‸x",
        "there is no queue 'x'; write one of: hotline",
    ),
    "no such trunk": (
        NUMBERS,
        "via: ['12319']",
        "via: [‸'12318']",
        "there is no trunk '12318'; did you mean '12319'?",
    ),
    "no such platform": (
        NUMBERS,
        "trunk: changzhou",
        "trunk: ‸changzho",
        "there is no trunk 'changzho'; did you mean 'changzhou'?",
    ),
    "no such trunk for emergencies": (
        EMERGENCIES,
        "[telecom, unicom]",
        "[telecom, ‸unicon]",
        "there is no trunk 'unicon'; did you mean 'unicom'?",
    ),
    "no such unit": (
        NUMBERS,
        "owner: 市场监管局",
        "owner: ‸市场监督局",
        "there is no unit '市场监督局'; did you mean '市场监管局'? "
        "Or add it to dialplan/units.yaml",
    ),
    "no such prompt": (
        QUEUES,
        "greeting: greeting",
        "greeting: ‸greting",
        "there is no prompt 'greting'; did you mean 'greeting'?",
    ),
    "no such announcement": (
        NUMBERS,
        "service: 政务服务咨询投诉热线",
        "service: 政务服务咨询投诉热线\n    announced_announcement: ‸gone",
        "there is no prompt 'gone'; write one of: already_signed_in, announced_87209900, "
        "announced_generic, cannot_dial, enter_pin, forward_busy, forward_no_answer, "
        "forward_unreachable, forwarded_87209900, forwarded_generic, greeting, menu_main, …",
    ),
    "no such stand-in": (
        CATALOG,
        "  greeting: {text: greeting}",
        "  greeting: {text: greeting, generic: ‸greetings}",
        "there is no prompt 'greetings'; did you mean 'greeting'?",
    ),
    "no such skill, in a queue": (
        QUEUES,
        "ring_seconds: 20",
        "skills: [‸english]",
        "there is no skill 'english'; there is none yet",
    ),
    "no such skill with a level": (
        QUEUES,
        "title: 综合受理",
        "title: 综合受理\n    skills: {english: ‸2}",
        "there is no skill 'english'; there is none yet",
    ),
    "levels in a list": (
        OPERATORS,
        "{name: 王敏}",
        "{name: 王敏, skills: ‸[{english: 3}]}",
        "operators.003.skills: a list does not fit; write names, such as [general, english], "
        "or levels: {general: 3}",
    ),
    "a level that is too high": (
        OPERATORS,
        "{name: 王敏}",
        "{name: 王敏, skills: {english: ‸10}}",
        "operators.003.skills.english: '10' is out of range; write at most 9",
    ),
    "a strategy that is not known": (
        QUEUES,
        "title: 综合受理",
        "title: 综合受理\n    strategy: ‸ringall",
        "queues.hotline.strategy: 'ringall' is not known; did you mean 'ring_all'?",
    ),
    "a penalty in no queue": (
        OPERATORS,
        "{name: 王敏}",
        "{name: 王敏, penalties: {hotlin: ‸1}}",
        "there is no queue 'hotlin'; did you mean 'hotline'?",
    ),
    "steps that go back": (
        QUEUES,
        "title: 综合受理",
        "title: 综合受理\n    relax:\n      - {after: 30, up_to: 2}\n"
        "      - ‸{after: 60, up_to: 1}",
        "the step after 60 s must come later than the one before it, and admit a higher "
        "penalty; put the steps in order",
    ),
    "an overflow without a cause": (
        QUEUES,
        "title: 综合受理",
        "title: 综合受理\n    overflow:\n      - ‸{to: {queue: hotline}}",
        "queues.hotline.overflow.0: `key: value` lines does not fit; write one of `length: 20`, "
        "`waited: 120` and `nobody_signed_in: true`, and `to: {queue: …}`",
    ),
    "an overflow to itself": (
        QUEUES,
        "title: 综合受理",
        "title: 综合受理\n    overflow: [{length: 5, to: {queue: ‸hotline}}]",
        "callers of hotline would be led to hotline; name another queue",
    ),
    "an overflow to a queue that is not there": (
        QUEUES,
        "title: 综合受理",
        "title: 综合受理\n    overflow: [{length: 5, to: {queue: ‸hotlin}}]",
        "there is no queue 'hotlin'; did you mean 'hotline'?",
    ),
    "no such skill, of an operator": (
        OPERATORS,
        "{name: 王敏}",
        "{name: 王敏, skills: [‸english]}",
        "there is no skill 'english'; there is none yet",
    ),
    "no such hours": (
        QUEUES,
        "ring_seconds: 20",
        "hours: ‸alway\n    closed: {announce: queue_sorry}",
        "there is no hours 'alway'; did you mean 'always'?",
    ),
    "no such prompt, in announcements": (
        QUEUES,
        "ring_seconds: 20",
        "announce: {also: ‸greting}",
        "there is no prompt 'greting'; did you mean 'greeting'?",
    ),
    "announcements without a pause": (
        QUEUES,
        "ring_seconds: 20",
        "announce: {every: ‸5}",
        "queues.hotline.announce.every: '5' is out of range; write at least 10.0",
    ),
    "callbacks, but no trunk to citizens": (
        QUEUES,
        "ring_seconds: 20",
        "‸callback: {key: '1'}",
        "queue hotline calls citizens back, but nothing says on which trunk; write "
        "`citizens: {via: […], shows: …}` into dialplan/centre.yaml",
    ),
    "led to a callback of a queue that has none": (
        QUEUES,
        "max_wait_seconds: 1800",
        "hours: always\n    closed: {callback: ‸hotline}",
        "queue hotline calls nobody back; write `callback: {…}` there, or name another",
    ),
    "a key of two digits": (
        QUEUES,
        "ring_seconds: 20",
        "callback: {key: ‸'11'}",
        "queues.hotline.callback.key: '11' does not fit; write one digit",
    ),
    "citizens on a trunk that is not there": (
        CENTRE,
        "order_area: '320481'\n",
        "order_area: '320481'\ncitizens: {via: [‸telecon], shows: '12345'}\n",
        "there is no trunk 'telecon'; did you mean 'telecom'?",
    ),
    "citizens by a platform": (
        CENTRE,
        "order_area: '320481'\n",
        "order_area: '320481'\ncitizens: {via: [telecom, ‸'12319'], shows: '12345'}\n",
        "12319 is a platform, which reaches no citizen; write a trunk with `kind: carrier`",
    ),
    "no such queue, in a menu": (
        MENUS,
        "menus: {}",
        "menus:\n  m: {prompt: greeting, choices: {1: {title: 甲, queue: hotline}}, "
        "otherwise: {queue: ‸hotlines}}",
        "there is no queue 'hotlines'; did you mean 'hotline'?",
    ),
    "no such queue, by a key": (
        MENUS,
        "menus: {}",
        "menus:\n  m: {prompt: greeting, choices: {1: {title: 甲, queue: ‸hotlines}}, "
        "otherwise: {queue: hotline}}",
        "there is no queue 'hotlines'; did you mean 'hotline'?",
    ),
    "no such menu, by a key": (
        MENUS,
        "menus: {}",
        "menus:\n  m: {prompt: greeting, choices: {1: {title: 甲, menu: ‸n}, "
        "2: {title: 乙, menu: m}}, otherwise: {queue: hotline}}",
        "there is no menu 'n'; write one of: m",
    ),
    "no such voice box, by a key": (
        MENUS,
        "menus: {}",
        "menus:\n  m: {prompt: greeting, choices: {1: {title: 甲, voice_box: ‸b}, "
        "2: {title: 乙, menu: m}}, otherwise: {queue: hotline}}",
        "there is no voice box 'b'; there is none yet",
    ),
    "no such key": (
        MENUS,
        "menus: {}",
        "menus:\n  m: {prompt: greeting, choices: {‸12: {title: 甲, queue: hotline}}, "
        "otherwise: {queue: hotline}}",
        "menus.m.choices.12: '12' does not fit; write one key: a digit, * or #, in quotes",
    ),
    "a menu without choices": (
        MENUS,
        "menus: {}",
        "menus:\n  m: {prompt: greeting, choices: ‸{}, otherwise: {queue: hotline}}",
        "menus.m.choices: `key: value` lines does not fit; write at least one item",
    ),
    "menus that lead to each other for ever": (
        MENUS,
        "menus: {}",
        "menus:\n"
        "  m: {prompt: greeting, choices: {1: {title: 甲, queue: hotline}}, otherwise: {menu: n}}\n"
        "  n: {prompt: greeting, choices: {1: {title: 甲, queue: hotline}}, otherwise: {menu: ‸m}}",
        "a caller would be led round in a circle: menu m -> menu n -> menu m; "
        "let one of these lead to something else, such as {announce: …}",
    ),
    "no such menu, of a number": (
        NUMBERS,
        "{mode: primary, owner",
        "{mode: primary, menu: ‸m, owner",
        "there is no menu 'm'; there is none yet",
    ),
    "a number closed without hours": (
        NUMBERS,
        "  12345: {mode: primary, owner",
        "  ‸12345: {mode: primary, closed: {announce: greeting}, owner",
        "12345 has only one of `hours` and `closed`; write both (when it is open, "
        "and where callers go outside these hours) or none",
    ),
    "no such greeting": (
        NUMBERS,
        "{mode: primary, owner",
        "{mode: primary, greeting: ‸gretings, owner",
        "there is no prompt 'gretings'; did you mean 'greeting'?",
    ),
    "no such queue, of a voice box": (
        BOXES,
        "",
        "voice_boxes:\n  night: {title: 夜间, queue: ‸hotlines}\n",
        "there is no queue 'hotlines'; did you mean 'hotline'?",
    ),
    "no such unit, of a voice box": (
        BOXES,
        "",
        "voice_boxes:\n  night: {title: 夜间, unit: ‸政务}\n",
        "there is no unit '政务'; did you mean '政务办'?",
    ),
    "a message answered too late": (
        BOXES,
        "",
        "voice_boxes:\n  night: {title: 夜间, answer_within_hours: ‸48}\n",
        "voice_boxes.night.answer_within_hours: '48' is out of range; write at most 24.0",
    ),
    "no such level": (
        UNITS,
        "编办: {kind: administrative, level: department",
        "编办: {kind: administrative, level: ‸x",
        "there is no level 'x'; write one of: department",
    ),
    "a unit's name means two": (
        UNITS,
        "地税局: {kind: administrative, level: department, groups: ['1']}",
        "地税局: {kind: administrative, level: department, groups: ['1'], aliases: [‸编办]}",
        "'编办' already means 编办, on line 6; remove it from one of the two",
    ),
    # -- what a mode needs
    "no own line": (
        NUMBERS,
        "  12310:\n    mode: direct_keep\n    month: 2017-05\n    owner: 编办\n"
        "    service: 机构编制举报服务热线\n"
        "    own_line: {digits: '66660001', via: [telecom, unicom]}\n",
        "  ‸12310:\n    mode: direct_keep\n    month: 2017-05\n    owner: 编办\n"
        "    service: 机构编制举报服务热线\n",
        "12310 is direct_keep and has no own line to forward to; "
        "write `own_line: {digits: …, via: […]}`",
    ),
    "no month of cutover": (
        NUMBERS,
        "  12315:\n    mode: resident\n    month: 2017-06\n",
        "  ‸12315:\n    mode: resident\n",
        "12315 is resident and has no month; write `month: YYYY-MM`",
    ),
    "no platform": (
        NUMBERS,
        "  12315:\n    mode: resident\n    month: 2017-06\n    owner: 市场监管局\n"
        "    service: 消费者举报投诉热线\n"
        "    own_line: {digits: '66660004', via: [telecom]}\n    trunk: changzhou\n",
        "  ‸12315:\n    mode: resident\n    month: 2017-06\n    owner: 市场监管局\n"
        "    service: 消费者举报投诉热线\n"
        "    own_line: {digits: '66660004', via: [telecom]}\n",
        "12315 is resident and has no platform to go to; write `trunk: …`",
    ),
    "a month for the hotline": (
        NUMBERS,
        "{mode: primary, owner",
        "{mode: primary, month: ‸2017-05, owner",
        "12345 is primary, live at every date; remove the month",
    ),
    "a platform for a number that stays": (
        NUMBERS,
        "service: 数字城管热线",
        "service: 数字城管热线\n    trunk: ‸changzhou",
        "`trunk` is for resident numbers and 12319 is parallel; remove it, "
        "or put the trunk into own_line.via",
    ),
    "retirement of a number that stays": (
        NUMBERS,
        "service: 数字城管热线",
        "service: 数字城管热线\n    ‸retired_from: 2019-01-01",
        "`retired_from` is for direct_retire numbers and 12319 is parallel; remove it",
    ),
    "no hotline": (
        NUMBERS,
        "  12345: {mode: primary, owner: 政务办, service: 政府公共服务热线}\n  12310:",
        "  ‸12310:",
        "no number has `mode: primary`; give it to the one hotline",
    ),
    "closed without hours": (
        QUEUES,
        "  hotline:\n    title: 综合受理",
        "  ‸hotline:\n    closed: {announce: queue_sorry}\n    title: 综合受理",
        "queue hotline has only one of `hours` and `closed`; write both (when it is open, "
        "and where callers go outside these hours) or none",
    ),
    # -- destinations
    "a destination without braces": (
        QUEUES,
        "ring_seconds: 20",
        "hours: always\n    closed: ‸queue_sorry",
        "queues.hotline.closed: 'queue_sorry' does not fit; "
        "write exactly one of {queue: …}, {menu: …}, {voice_box: …}, {partner: …}, {announce: …}, "
        "{callback: …}",
    ),
    "two destinations": (
        QUEUES,
        "ring_seconds: 20",
        "hours: always\n    closed: ‸{announce: queue_sorry, partner: 12319}",
        "queues.hotline.closed: `key: value` lines does not fit; "
        "write exactly one of {queue: …}, {menu: …}, {voice_box: …}, {partner: …}, {announce: …}, "
        "{callback: …}",
    ),
    "a destination misspelled": (
        QUEUES,
        "ring_seconds: 20",
        "hours: always\n    closed: {‸anounce: queue_sorry}",
        "queues.hotline.closed.anounce is not a key that is known here; did you mean 'announce'?",
    ),
    "no such queue to go to": (
        QUEUES,
        "ring_seconds: 20",
        "hours: always\n    closed: {queue: ‸hotlines}",
        "there is no queue 'hotlines'; did you mean 'hotline'?",
    ),
    "no such partner": (
        QUEUES,
        "ring_seconds: 20",
        "hours: always\n    closed: {partner: ‸12318}",
        "there is no number '12318'; did you mean '12319'?",
    ),
    "a partner whose calls come to us": (
        QUEUES,
        "ring_seconds: 20",
        "hours: always\n    closed: {partner: ‸12310}",
        "12310 is direct_keep: its calls come to us, so it is no partner; "
        "name its queue, or a number that is parallel or resident",
    ),
    "no such prompt before": (
        QUEUES,
        "ring_seconds: 20",
        "hours: always\n    closed: {partner: 12319, prompt: ‸gretings}",
        "there is no prompt 'gretings'; did you mean 'greeting'?",
    ),
    "a prompt before a prompt": (
        QUEUES,
        "ring_seconds: 20",
        "hours: always\n    closed: {announce: queue_sorry, ‸prompt: greeting}",
        "what is announced needs no prompt before it; write one of the two",
    ),
    "a queue that leads to itself": (
        QUEUES,
        "ring_seconds: 20",
        "hours: always\n    closed: {queue: ‸hotline}",
        "a caller would be led round in a circle: queue hotline -> queue hotline; "
        "let one of these lead to something else, such as {announce: …}",
    ),
    # -- dates
    "phases overlap": (
        PHASES,
        "first: 2017-11-01",
        "first: ‸2017-10-31",
        "phase trial_run begins on 2017-10-31 while integration (dialplan/phases.yaml:3) "
        "lasts until 2017-10-31; let one end before the other",
    ),
    "an endless phase is not the last": (
        PHASES,
        "first: 2017-11-01, last: 2018-06-30}\n  formal_run: {title: 正式运行, first: 2018",
        "first: 2017-11-01}\n  formal_run: {title: 正式运行, first: ‸2018",
        "phase formal_run begins on 2018-07-01 while trial_run (dialplan/phases.yaml:4) "
        "has no last day; let one end before the other",
    ),
    "a phase ends before it begins": (
        PHASES,
        "first: 2018-07-01}",
        "first: 2018-07-01, last: ‸2018-06-30}",
        "phase formal_run ends before it begins on 2018-07-01; write a later day",
    ),
    "no formal run": (
        PHASES,
        "phases:\n  integration: {title: 热线整合, first: 2017-05-01, last: 2017-10-31}\n"
        "  trial_run: {title: 试运行, first: 2017-11-01, last: 2018-06-30}\n"
        "  formal_run: {title: 正式运行, first: 2018-07-01}\n",
        "phases:\n  ‸integration: {title: 热线整合, first: 2017-05-01, last: 2017-10-31}\n",
        "there is no phase formal_run, from which retiring numbers only announce; "
        "write `formal_run: {title: …, first: YYYY-MM-DD}`",
    ),
    "cut over after the formal run": (
        NUMBERS,
        "mode: direct_retire\n    month: 2017-05",
        "mode: direct_retire\n    month: ‸2018-07",
        "87209900 is cut over in 2018-07, not before the formal run of 2018-07-01 "
        "(dialplan/phases.yaml:5); write an earlier month",
    ),
    "retired before it announced": (
        NUMBERS,
        "service: 政务服务咨询投诉热线",
        "service: 政务服务咨询投诉热线\n    retired_from: ‸2018-07-01",
        "87209900 is retired from 2018-07-01, before it has announced its replacement "
        "from 2018-07-01 on; write a later day",
    ),
    "all retired before they announced": (
        NUMBERS,
        "queue: hotline\n",
        "queue: hotline\nretired_from: ‸2018-01-01\n",
        "87209900 is retired from 2018-01-01, before it has announced its replacement "
        "from 2018-07-01 on; write a later day",
    ),
    "holidays overlap": (
        HOURS,
        "",
        "holidays:\n  2030-02-01: {last: 2030-02-07, working: false, title: 春节}\n"
        "  ‸2030-02-07: {working: true, title: 调休}\n",
        "the days from 2030-02-07 overlap those from 2030-02-01 to 2030-02-07 "
        "(dialplan/hours.yaml:10); let each day be in one entry",
    ),
    "holidays end before they begin": (
        HOURS,
        "",
        "holidays:\n  2030-02-07: {last: ‸2030-02-01, working: false, title: 春节}\n",
        "these days end before 2030-02-07; write a later day",
    ),
    "hours overlap": (
        HOURS,
        "[00:00-24:00]",
        "[08:30-12:00, ‸11:00-17:30]",
        "11:00-17:30 begins before the one before it ends, at 12:00; "
        "write times in order, without overlap",
    ),
    "hours end before they begin": (
        HOURS,
        "[00:00-24:00]",
        "[‸12:00-08:30]",
        "12:00-08:30 ends before it begins; write the earlier time first",
    ),
    # -- emergency numbers
    "an emergency number as a hotline": (
        NUMBERS,
        "  12319:\n    mode",
        "  ‸110:\n    mode",
        "110 would trap emergency number 110 (dialplan/emergencies.yaml:4); remove it",
    ),
    "an emergency number as a pilot number": (
        NUMBERS,
        "{mode: primary,",
        "{mode: primary, dids: [‸'110'],",
        "110 would trap emergency number 110 (dialplan/emergencies.yaml:4); remove it",
    ),
    "an emergency number behind the area code": (
        NUMBERS,
        "{mode: primary,",
        "{mode: primary, dids: [‸'0519110'],",
        "0519110 would trap emergency number 110 (dialplan/emergencies.yaml:4); remove it",
    ),
    "an emergency number as an alias": (
        NUMBERS,
        "{mode: primary,",
        "{mode: primary, aliases: [‸'110'],",
        "110 would trap emergency number 110 (dialplan/emergencies.yaml:4); remove it",
    ),
    "a pattern": (
        NUMBERS,
        "  12319:\n    mode",
        "  ‸_1XX:\n    mode",
        "numbers._1XX: '_1XX' does not fit; numbers are matched whole, and a pattern could trap "
        "an emergency number; write each number out",
    ),
    "an area code written out": (
        NUMBERS,
        "  12319:\n    mode",
        "  ‸051912319:\n    mode",
        "numbers.051912319: '051912319' does not fit; write the number as it is dialled in town, "
        "3 to 12 digits without area code, such as 12345, 87222160 or 12366-2",
    ),
    "a feature code without *": (
        CODES,
        "",
        "feature_codes: {ready: ‸'110'}\n",
        "feature_codes.ready: '110' does not fit; write * and 1 to 4 digits: all other digits "
        "pass through, emergency numbers among them",
    ),
    "an own line that is an emergency number": (
        NUMBERS,
        "digits: '66660001'",
        "digits: ‸'110'",
        "110 would send callers to emergency number 110 (dialplan/emergencies.yaml:4); "
        "write the department's own line",
    ),
    "a prefix that begins with an emergency number": (
        UNICOM,
        "reserved: 1",
        "reserved: 1\ndial_prefix: ‸'1109'",
        "prefix 1109 begins with emergency number 110, so every call could reach that; "
        "write another prefix",
    ),
    "no channel for emergencies": (
        EMERGENCIES,
        "[telecom, unicom]",
        "[telecom, ‸changzhou]",
        "trunk changzhou reserves no channel for emergency calls; "
        "write `reserved: 1` in trunks/changzhou.yaml",
    ),
    "no emergency numbers": (
        EMERGENCIES,
        "emergencies:\n  110: {service: 公安报警}",
        "emergencies: ‸{}",
        "there is no emergency number; write at least `'110': {service: …}`",
    ),
    # -- lines that lead back, numbers that mean two things
    "an own line that is ours": (
        NUMBERS,
        "digits: '66660001'",
        "digits: ‸'87209900'",
        "87209900 on telecom leads back to us: it is 87209900 (dialplan/numbers.yaml:12); "
        "write an unpublished number",
    ),
    "an own line that is ours, with area code": (
        NUMBERS,
        "digits: '66660001'",
        "digits: ‸'051912310'",
        "051912310 on telecom leads back to us: it is 12310 (dialplan/numbers.yaml:6); "
        "write an unpublished number",
    ),
    "an own line that is ours, as E.164": (
        NUMBERS,
        "digits: '66660001'",
        "digits: ‸'+8651912345'",
        "+8651912345 on telecom leads back to us: it is 12345 (dialplan/numbers.yaml:5); "
        "write an unpublished number",
    ),
    "an own line that is a pilot number of ours": (
        NUMBERS,
        "own_line: {digits: '66660001',",
        "dids: ['66669999']\n    own_line: {digits: ‸'66669999',",
        "66669999 on telecom leads back to us: it is 12310 (dialplan/numbers.yaml:11); "
        "write an unpublished number",
    ),
    "a platform that is a carrier": (
        NUMBERS,
        "trunk: changzhou",
        "trunk: ‸telecom",
        "telecom is a carrier, where 12315 leads back to us; write a trunk with `kind: platform`",
    ),
    "a pilot number of two": (
        NUMBERS,
        "service: 数字城管热线",
        "service: 数字城管热线\n    dids: [‸'051987209900']",
        "051987209900 already reaches 87209900 (dialplan/numbers.yaml:12); "
        "remove it from one of the two",
    ),
    # -- places and people
    "two trunks at one address": (
        UNICOM,
        "host: 127.0.0.3",
        "host: ‸127.0.0.2",
        "127.0.0.2 is also the host of telecom (trunks/telecom.yaml:4), and a trunk is known by "
        "its address; write another one",
    ),
    "a header that means something to telephones": (
        TELECOM,
        "channels: 6",
        "channels: 6\nreference_header: ‸Route",
        "reference_header: 'Route' does not fit; write User-to-User, or a header of the partner's "
        "own that begins with X-, such as X-Reference",
    ),
    "all channels reserved": (
        TELECOM,
        "reserved: 1",
        "reserved: ‸6",
        "6 of 6 channels are reserved and none is left; write a smaller number",
    ),
    "two rooms of one number": (
        SEATS,
        "",
        ROOM + "  office: {title: 值班室, extension: ‸'600', line: {digits: '666', via: [unicom]}}",
        "600 already calls room dispatch (agents/seats.yaml:7); write another number",
    ),
    "a room's number that could be any other": (
        SEATS,
        "",
        ROOM.replace("'600'", "‸'110'"),
        "rooms.dispatch.extension: '110' does not fit; write 2 to 6 digits that begin with 2 to 9",
    ),
    "a seat and a room of one name": (
        SEATS,
        "",
        ROOM.replace("dispatch", "‸seat01"),
        "seat01 is also a seat (agents/seats.yaml:3); rename one of the two",
    ),
    "a room whose telephone is ours": (
        SEATS,
        "",
        ROOM.replace("'66660600'", "‸'12345'"),
        "12345 on telecom leads back to us: it is 12345 (dialplan/numbers.yaml:5); "
        "write an unpublished number",
    ),
    "a queue keyed in like another": (
        QUEUES,
        "    max_wait_seconds: 1800\n",
        "    max_wait_seconds: 1800\n    extension: '700'\n"
        "  second:\n    title: 二\n    extension: ‸'700'\n",
        "700 already means queue hotline (dialplan/queues.yaml:3); write another number",
    ),
    "a pattern of outside numbers that is none": (
        CENTRE,
        "order_area: '320481'\n",
        "order_area: '320481'\noutside: {via: [telecom], classes: {local: "
        "{title: 本地, pattern: ‸'[2-8'}}}\n",
        "outside.classes.local.pattern: '[2-8' does not fit; write a pattern of digits, [2-8], "
        "{7}, {8,10}, ( ), | and ?, such as 1[3-9][0-9]{9}",
    ),
    "an outside trunk that is not there": (
        CENTRE,
        "order_area: '320481'\n",
        "order_area: '320481'\noutside: {via: [‸telecon], classes: {}}\n",
        "there is no trunk 'telecon'; did you mean 'telecom'?",
    ),
    "a class of outside numbers that is not there": (
        OPERATORS,
        "'001': {name: 李静}",
        "'001': {name: 李静, may_dial: [‸mobile]}",
        "there is no class of outside numbers 'mobile'; there is none yet",
    ),
    "the same code twice": (
        CODES,
        "",
        "feature_codes: {ready: '*15', sign_out: ‸'*15'}\n",
        "sign_out *15 cannot be told from ready *15: both would be the same; write another code",
    ),
    "a code that an order's number could be": (
        CODES,
        "",
        "feature_codes: {call_citizen: '*49', call_order: ‸'*4'}\n",
        "call_order *4 cannot be told from call_citizen *49: one begins with the other, and digits "
        "follow (an order's number); write another code",
    ),
    "a code that swallows another": (
        CODES,
        "",
        "feature_codes: {not_ready: '*3', sign_out: ‸'*31'}\n",
        "sign_out *31 cannot be told from not_ready *3: one begins with the other, and digits "
        "follow (a reason's code); write another code",
    ),
    "two reasons of one code": (
        CODES,
        "meal: {code: '2'",
        "meal: {code: ‸'1'",
        "1 already means break (agents/feature_codes.yaml:3); write another digit",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_at_its_place(mistake: str) -> None:
    file, old, new, message = MISTAKES[mistake]
    texts = replaced(file, old, new)
    result = loaded(texts)
    assert result.plan is None
    assert [str(error) for error in result.errors] == [f"{place_of_caret(texts)}: {message}"]


def test_a_prefix_and_an_own_line_cannot_make_up_an_emergency_number() -> None:
    texts = replaced(
        NUMBERS, "digits: '66660004', via: [telecom]", "digits: ‸'2395', via: [unicom]"
    )
    texts[UNICOM] += "dial_prefix: '1'\n"
    texts[EMERGENCIES] += "  12395: {service: 水上搜救}\n"
    assert [str(error) for error in loaded(texts).errors] == [
        f"{place_of_caret(texts)}: 2395 would send callers to emergency number 12395 "
        "(dialplan/emergencies.yaml:5); write the department's own line"
    ]


def test_a_room_cannot_have_a_public_number() -> None:
    texts = replaced(SEATS, "", ROOM.replace("'600'", "‸'968897'"))
    texts[NUMBERS] = texts[NUMBERS].replace("12310:", "968897:")
    assert [str(error) for error in loaded(texts).errors] == [
        f"{place_of_caret(texts)}: 968897 is a public number (dialplan/numbers.yaml:6); "
        "write another one"
    ]


def test_one_run_tells_all_errors() -> None:
    texts = dict(TEXTS)
    texts[QUEUES] = texts[QUEUES].replace("ring_seconds: 20", "ring_seconds: soon")
    texts[QUEUES] = texts[QUEUES].replace("greeting: greeting", "greeting: greting")
    texts[NUMBERS] = texts[NUMBERS].replace("trunk: changzhou", "trunk: suzhou")
    texts[NUMBERS] = texts[NUMBERS].replace("month: 2017-11", "month: November", 1)
    texts[TELECOM] = texts[TELECOM].replace("host: 127.0.0.2", "host: 127.0.0.3")
    del texts[HOURS]
    assert [str(error).split(" ")[0] for error in loaded(texts).errors] == [
        "dialplan/hours.yaml:1:1:",
        "dialplan/numbers.yaml:20:12:",
        "dialplan/numbers.yaml:37:12:",
        "dialplan/queues.yaml:5:15:",
        "dialplan/queues.yaml:6:19:",
        "trunks/unicom.yaml:4:7:",
    ]


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (TELECOM, "channels: 6", "channels: six"),
        (QUEUES, "title: 综合受理", "title: []"),
        (UNITS, "编办: {kind: administrative", "编办: {kind: unknown"),
        (NUMBERS, "{mode: primary, owner: 政务办", "{mode: primary, owner: ''"),
        (CATALOG, "greeting: {text: greeting}", "greeting: {txt: greeting}"),
        (OPERATORS, "'003': {name: 王敏}", "'003': {nam: 王敏}"),
        (CENTRE, "area_code: '0519'", "area_code: 519"),
    ],
)
def test_one_mistake_leads_to_no_other_errors(file: str, old: str, new: str) -> None:
    errors = loaded(replaced(file, old, new)).errors
    assert {error.file for error in errors} == {file}
    assert len({error.line for error in errors}) == 1


@pytest.mark.parametrize("file", [file for file in TEXTS if not file.startswith("trunks/")])
def test_a_missing_file_is_told(file: str) -> None:
    texts = {name: text for name, text in TEXTS.items() if name != file}
    errors = [str(error) for error in load_texts(texts, prompts_of(TEXTS)).errors]
    assert errors == [f"{file}:1:1: is missing; put the file there"]


def test_a_file_that_is_not_utf_8_is_told(tmp_path: Path) -> None:
    for name, text in TEXTS.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    for name in prompts_of(TEXTS):
        (tmp_path / "ivr_prompts" / f"{name}.wav").touch()
    assert load(tmp_path).errors == ()
    (tmp_path / OPERATORS).write_bytes("operators:\n  '001': {name: 李静}\n".encode("gb18030"))
    assert [str(error) for error in load(tmp_path).errors] == [
        f"{OPERATORS}:2:1: is not UTF-8; save the file as UTF-8"
    ]


# What is not wrong but worth a word: as above.
REMARKS: dict[str, tuple[str, str, str, str]] = {
    "days without a phase": (
        PHASES,
        "first: 2018-07-01",
        "first: ‸2018-07-03",
        "no phase covers the days between 2018-06-30 (trial_run) and 2018-07-03",
    ),
    "a menu that nobody reaches": (
        MENUS,
        "menus: {}",
        "menus:\n  ‸m: {prompt: greeting, choices: {1: {title: 甲, queue: hotline}}, "
        "otherwise: {queue: hotline}}",
        "nothing leads to menu m; write `menu: m` at a number",
    ),
    "placeholders": (
        NUMBERS,
        "queue: hotline\n",
        "queue: hotline\n‸placeholders: ['6666000']\n",
        "4 own lines and called numbers are still invented ones that begin with 6666000; "
        "put the real ones in their place",
    ),
    "no announcement of its own": (
        CATALOG,
        "  forwarded_87209900: {text: forwarded_87209900}\n",
        "",
        "there is no prompt forwarded_87209900, so 87209900 plays forwarded_generic; "
        "add forwarded_87209900 to ivr_prompts/catalog.yaml if it is to have its own",
    ),
}


@pytest.mark.parametrize("remark", REMARKS)
def test_a_remark_leaves_the_plan_in_force(remark: str) -> None:
    file, old, new, message = REMARKS[remark]
    texts = replaced(file, old, new)
    result = loaded(texts)
    assert result.plan is not None
    place = place_of_caret(texts) if "‸" in new else "dialplan/numbers.yaml:12:3"
    assert [str(warning) for warning in result.warnings] == [f"{place}: {message}"]


def test_a_prompt_without_wav_plays_its_stand_in_and_is_told() -> None:
    text = TEXTS[CATALOG].replace("{text: greeting}", "{text: greeting, generic: queue_sorry}")
    texts = {**TEXTS, CATALOG: text}
    recorded = prompts_of(texts) - {"greeting", "announced_87209900"}
    result = load_texts(texts, recorded)
    assert result.plan is not None
    assert result.plan.queues["hotline"].greeting == "queue_sorry"
    assert result.plan.numbers["87209900"].announced_announcement == "announced_generic"
    assert [str(warning) for warning in result.warnings] == [
        "ivr_prompts/catalog.yaml:2:3: prompt greeting has no WAV, queue_sorry is played instead; "
        "run script/render-prompts",
        "ivr_prompts/catalog.yaml:10:3: prompt announced_87209900 has no WAV, nothing can be "
        "played for it; run script/render-prompts",
    ]


def test_a_prompt_that_nothing_can_stand_in_for_is_an_error() -> None:
    result = load_texts(TEXTS, prompts_of(TEXTS) - {"queue_sorry"})
    assert [str(error) for error in result.errors] == [
        "dialplan/queues.yaml:3:3: prompt queue_sorry has no WAV and no stand-in that has one; "
        "add ivr_prompts/queue_sorry.wav by script/render-prompts, or name another prompt"
    ]
