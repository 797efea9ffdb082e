"""The texts of measures of calls and of completeness, in Chinese (first) and English; part of `central/texts.py`.

Pure: values in, values out.
"""

from typing import Final

from floor.texts import Catalogue

MEASURES: Final[Catalogue] = {
    "analysis.title": ("安灯分析", "How calls went"),
    "analysis.link": ("分析", "How calls went"),
    "analysis.back": ("返回呼叫列表", "Back to the calls"),
    "analysis.first": ("从", "From"),
    "analysis.last": ("到", "To"),
    "analysis.line": ("产线", "Line"),
    "analysis.spot.today": ("今天", "Today"),
    "analysis.spot.week": ("7 天", "7 days"),
    "analysis.spot.month": ("30 天", "30 days"),
    "analysis.more": (
        "这段时间的呼叫太多，这里只统计了最新的 {n} 个。请缩短时间。",
        "There are more calls in this period than are measured; these are the newest {n}. Choose a shorter one.",
    ),
    "analysis.none": ("这段时间没有呼叫。", "No calls in this period."),
    "analysis.count": ("呼叫次数", "Calls"),
    "analysis.open_of": ("未关闭 {open} · 已取消 {cancelled}", "{open} open · {cancelled} cancelled"),
    "analysis.response": ("响应时间（中位）", "Response (median)"),
    "analysis.resolution": ("解决时间（中位）", "Resolution (median)"),
    "analysis.of_calls": (
        "{n} 个呼叫 · 90 % 在 {span} 以内 · 最长 {longest}",
        "{n} calls · 90 % within {span} · longest {longest}",
    ),
    "analysis.ninety": ("九成 ≤ {span}", "90 % ≤ {span}"),
    "analysis.days": ("每天的呼叫", "Calls a day"),
    "analysis.days_said": (
        "{days} 天里 {n} 个呼叫，一天最多 {top} 个",
        "{n} calls in {days} days, at most {top} a day",
    ),
    "analysis.top": ("最多一天 {n} 个", "at most {n} a day"),
    "analysis.causes": ("原因排列（柏拉图）", "Causes (Pareto)"),
    "analysis.calls": ("次数", "Calls"),
    "analysis.share": ("占比", "Share"),
    "analysis.running": ("累计", "Running"),
    "analysis.lost": ("合计时长", "Time in all"),
    "analysis.no_causes": ("还没有写明原因的已解决呼叫。", "No resolved call names a cause yet."),
    "analysis.repeats": ("反复发生", "What comes back"),
    "analysis.times": ("次数", "Times"),
    "analysis.newest": ("最近一次", "Last"),
    "analysis.no_repeats": ("没有反复发生的呼叫。", "Nothing came back."),
    "analysis.types": ("按类型", "By kind"),
    "analysis.still_open": ("未关闭", "Open"),
    "analysis.defined": (
        "响应时间：从呼叫到现在的负责人响应。解决时间：从呼叫到解决，不含取消的呼叫。反复发生：同一工位、同一类型、同一原因。"
        "中位和 90 % 都取实际发生过的值；时间按发起那一天计入。",
        "Response: from the call until whoever has it now took it. Resolution: from the call until it was resolved; "
        "cancelled calls are left out. Coming back: the same station, kind and cause. Median and 90 % are values that "
        "occurred. A call counts on the day it was raised.",
    ),
    "complete.title": ("数据完整性", "Is everything here"),
    "complete.link": ("数据完整性", "Is everything here"),
    "complete.all": (
        "网关说过的每条记录都在这里，各一次。",
        "Every record that a gateway announced is here, once.",
    ),
    "complete.some_waiting": ("{n} 台网关还有记录没有传到。", "{n} gateways have records that have not come yet."),
    "complete.some_doubt": (
        "{n} 台网关需要人来判断：见“缺失与争议”。",
        "{n} gateways need a person to decide: see what is missing or disputed.",
    ),
    "complete.gateway": ("网关", "Gateway"),
    "complete.verdict": ("结论", "Verdict"),
    "complete.is.complete": ("完整", "complete"),
    "complete.is.waiting": ("等待补传", "waiting"),
    "complete.is.doubt": ("待判断", "in doubt"),
    "complete.is.unseen": ("尚无数据", "no data yet"),
    "complete.held": ("已保存", "Held"),
    "complete.of": ("应有 {n} · {epochs} 段", "of {n} · {epochs} epochs"),
    "complete.contiguous": ("最新一段连续到", "Newest epoch, without a gap"),
    "complete.missing": ("缺失与争议", "Missing or disputed"),
    "complete.refused_range": ("被拒收", "refused"),
    "complete.refused": ("拒收 {n}", "refused {n}"),
    "complete.in_all": ("共缺 {n} 条", "{n} missing in all"),
    "complete.tail": ("末尾待传 {n}", "{n} more announced"),
    "complete.lost": ("网关申报损坏 {n} 条", "{n} declared lost by the gateway"),
    "complete.clock": ("时钟", "Clock"),
    "complete.clock.good": ("已同步", "set"),
    "complete.clock.bad": ("未同步", "not set"),
    "complete.clock.unknown": ("未知", "not known"),
    "complete.error": ("误差 ≤ {n} 秒", "within {n} s"),
    "complete.as_of": ("数据截至", "Data as of"),
    "complete.how": ("怎样核对", "How to check it"),
    "complete.how_told": (
        "每条记录都带有前一条的摘要。网关上 lineside journal verify 显示的最后一条记录和摘要，应与这里的一致。"
        "下面的命令在服务器上把每条记录重新算一遍：",
        "Each record carries the digest of the one before it. What lineside journal verify shows on the gateway as its "
        "last record and digest is what stands here. On the server, this command works out every record again:",
    ),
    "complete.http": ("程序接口：", "For programs:"),
}
