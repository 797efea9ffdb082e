"""The texts of the fleet pages, in Chinese (first) and English; part of `central/texts.py`.

Pure: values in, values out.
"""

from typing import Final

from floor.texts import Catalogue

_LIST: Final = {
    "nav.fleet": ("设备状态与更新", "Fleet: health and updates"),
    "fleet.title": ("网关设备", "Fleet"),
    "fleet.count": ("共 {n} 台", "{n} gateways"),
    "fleet.line": ("产线", "Line"),
    "fleet.release": ("软件版本", "Release"),
    "fleet.health": ("健康", "Health"),
    "fleet.name": ("网关", "Gateway"),
    "fleet.model": ("型号", "Model"),
    "fleet.slot": ("系统槽", "Slot"),
    "fleet.waiting": ("未上传", "Unsent"),
    "fleet.oldest": ("最早 {ago}", "oldest {ago}"),
    "fleet.clock": ("时钟", "Clock"),
    "fleet.disk": ("存储卡", "Card"),
    "fleet.free": ("空闲 {percent}%（{gb} GB）", "{percent}% free ({gb} GB)"),
    "fleet.worn": ("已磨损 {percent}%", "{percent}% worn"),
    "fleet.machine": ("温度 / 电源", "Heat / supply"),
    "fleet.network": ("网络", "Network"),
    "fleet.seen": ("最近通信", "Last seen"),
    "fleet.update": ("更新", "Update"),
    "fleet.no_match": ("没有符合条件的网关。", "No gateway matches."),
    "fleet.none": ("还没有登记网关。", "No gateway is enrolled yet."),
    "fleet.tv": ("大屏", "Wall screen"),
    "fleet.tv_end": ("退出大屏", "Leave wall screen"),
    "fleet.to_rollouts": ("版本推送", "Roll-outs"),
    "fleet.to_settings": ("远程设置", "Settings"),
    "fleet.back": ("返回设备列表", "Back to the fleet"),
    "fleet.level.bad": ("故障", "fault"),
    "fleet.level.warn": ("注意", "look at it"),
    "fleet.level.good": ("正常", "good"),
    "fleet.level.unseen": ("未上线", "not seen yet"),
    "fleet.fault.offline": ("离线", "offline"),
    "fleet.fault.refusing": ("无法保存报工", "keeps no reports"),
    "fleet.fault.under_voltage": ("供电电压不足", "supply voltage too low"),
    "fleet.fault.returned": ("更新失败，已退回", "update failed, went back"),
    "fleet.fault.devices": ("有扫描枪或按钮未连接", "scanners or buttons are missing"),
    "fleet.fault.clock": ("时钟未同步", "clock not synchronised"),
    "fleet.fault.disk": ("存储卡空间不足", "card nearly full"),
    "fleet.fault.worn": ("存储卡接近寿命", "card nearly worn out"),
    "fleet.fault.hot": ("温度过高", "too hot"),
    "fleet.fault.refused": ("拒绝了更新", "update refused"),
    "fleet.fault.settings": ("拒绝了设置", "settings refused"),
    "fleet.low_voltage.now": ("电压不足", "low voltage"),
    "fleet.low_voltage.since_boot": ("曾电压不足", "was low once"),
    "fleet.clock_good": ("已同步", "set"),
    "fleet.clock_bad": ("未同步", "not synchronised"),
    "fleet.only_maintainer": ("只有维护员和管理员可以更改。", "Only maintainers and administrators change this."),
}

_STATES: Final = {
    "update.idle": ("无", "none"),
    "update.offered": ("已提供", "offered"),
    "update.waiting_turn": ("未轮到", "not its turn yet"),
    "update.downloading": ("下载中", "downloading"),
    "update.verified": ("已校验", "verified"),
    "update.waiting": ("等待空闲时刻", "waits for a quiet moment"),
    "update.installing": ("安装中", "installing"),
    "update.installed": ("已安装，等待重启时机", "installed, waits to restart"),
    "update.trial": ("试运行", "on trial"),
    "update.good": ("成功", "good"),
    "update.doubted": ("曾成功，现在异常", "was good, in doubt now"),
    "update.left": ("已退出（凭证已吊销）", "left, its credential is void"),
    "update.returned": ("失败，已退回旧版本", "failed, went back"),
    "update.refused": ("已拒绝", "refused"),
    "wished.none": ("无", "none"),
    "wished.published": ("已发布", "published"),
    "wished.offered": ("网关已领取", "fetched"),
    "wished.waiting": ("等待空闲时刻", "waits for a quiet moment"),
    "wished.trying": ("试用中", "being tried"),
    "wished.applied": ("已生效", "in use"),
    "wished.refused": ("已拒绝", "refused"),
}

_ROLLOUTS: Final = {
    "rollouts.title": ("版本推送", "Roll-outs"),
    "rollouts.number": ("推送 {n}", "Roll-out {n}"),
    "rollouts.none": ("还没有推送过版本。", "No release was rolled out yet."),
    "rollouts.start": ("推送一个版本", "Roll a release out"),
    "rollouts.why": (
        "先在试点网关上运行；试点全部正常并保持一段时间后，再推给一部分，最后推给全部。观察期间离线、版本不符或有故障的"
        "网关会使本阶段等待，半小时后算作失败。失败超过上限，或一个阶段没有任何网关成功时，自动停止并告警。"
        "网关自己选择空闲时刻重启。",
        "First on the canaries; once all of them were good for a while on a part, then on all. One that is silent, "
        "runs another release or is in bad health meanwhile holds its stage, and counts as failed after half an hour. "
        "With more failures than the bound, or with no gateway of a stage good, it stops by itself and raises an "
        "alarm. Each gateway restarts in a quiet moment of its own choice.",
    ),
    "rollouts.no_release": (
        "没有可用的版本。在服务器上运行 lineside fleet add 登记一个。",
        "No release is listed. Add one at the server: lineside fleet add",
    ),
    "rollouts.releases": ("可用的版本", "Listed releases"),
    "rollouts.size": ("{mb} MB", "{mb} MB"),
    "rollouts.remove": ("删除", "Remove"),
    "rollouts.remove_why": (
        "删除后不能再推送，安装包文件一并删除；已运行该版本的网关不受影响。",
        "It cannot be rolled out any more, and its bundle is deleted. Gateways that run it keep it.",
    ),
    "rollouts.remove_sure": ("确定删除 {version}", "Remove {version} for good"),
    "rollouts.release": ("版本", "Release"),
    "rollouts.state": ("状态", "State"),
    "rollouts.stage": ("阶段", "Stage"),
    "rollouts.line": ("产线", "Line"),
    "rollouts.every_line": ("全部产线", "Every line"),
    "rollouts.canaries": ("试点网关（可留空）", "Canaries by name (may be empty)"),
    "rollouts.canary_count": ("试点数量", "Number of canaries"),
    "rollouts.percent": ("第二阶段：其余网关的 %（0 为没有）", "Second stage: % of the others (0: none)"),
    "rollouts.failures_max": ("允许失败数", "Failures allowed"),
    "rollouts.soak": ("每阶段观察（分钟）", "Watched after each stage, minutes"),
    "rollouts.from": ("时段从", "Window from"),
    "rollouts.until": ("到", "until"),
    "rollouts.start_button": ("开始推送", "Start"),
    "rollouts.pause": ("暂停", "Pause"),
    "rollouts.resume": ("继续", "Resume"),
    "rollouts.stop": ("停止", "Stop"),
    "rollouts.made": ("开始", "Started"),
    "rollouts.good": ("成功 {good} / {all}，失败 {failed}", "{good} of {all} good, {failed} failed"),
    "rollouts.members": ("参加的网关", "Gateways that take part"),
    "rollouts.reason": ("原因", "Reason"),
    "rollouts.fault": ("没有开始或更改：{told}", "Not done: {told}"),
    "rollout.running": ("进行中", "running"),
    "rollout.paused": ("已暂停", "paused"),
    "rollout.stopped": ("已停止", "stopped"),
    "rollout.done": ("完成", "done"),
    "stage.canary": ("试点", "canaries"),
    "stage.part": ("部分", "part"),
    "stage.all": ("全部", "all"),
}

_SETTINGS: Final = {
    "settings.title": ("远程设置", "Settings of gateways"),
    "settings.why": (
        "写法与 gateway.toml 相同，只写要改的项；新的设置整体替换以前的远程设置。"
        "发布前按网关自己的规则检查；网关若无法正常启动，会自动退回上一次的设置。",
        "Written like gateway.toml, only what is to differ; new settings take the place of the earlier ones as a "
        "whole. They are checked by the gateway's own rules before they are published, and a gateway that does not "
        "become ready goes back to the last good ones by itself.",
    ),
    "settings.text": ("设置（TOML）", "Settings (TOML)"),
    "settings.gateways": ("网关", "Gateways"),
    "settings.preview": ("预览", "Preview"),
    "settings.publish": ("发布到 {n} 台", "Publish for {n}"),
    "settings.note": ("说明", "Note"),
    "settings.path": ("设置项", "Setting"),
    "settings.before": ("现在", "Now"),
    "settings.after": ("将变为", "Then"),
    "settings.same": ("没有变化", "Nothing changes"),
    "settings.fault": ("不能发布：{told}", "Not published: {told}"),
    "settings.wrong": ("不能发布", "Cannot be published"),
    "settings.history": ("已发布的设置", "Published settings"),
    "settings.none": ("还没有发布过设置。", "No settings were published yet."),
    "settings.number": ("编号", "Number"),
    "settings.result": ("各网关结果", "Result at each gateway"),
    "settings.back": ("退回", "Roll back"),
    "settings.by": ("发布人", "By"),
    "settings.no_agent": (
        "还没有网关运行更新程序（lineside update run）。",
        "No gateway runs the update agent yet (lineside update run).",
    ),
}

_DEVICE: Final = {
    "device.agent": ("更新程序最近通信", "Update agent last heard"),
    "device.no_agent": ("更新程序还没有联系过服务器。", "Its update agent has not spoken yet."),
    "device.address": ("地址", "Address"),
    "device.configuration": ("网关自己的配置（不含密码）", "Its own configuration (without secrets)"),
    "device.no_configuration": ("尚未收到。", "Not told yet."),
    "device.diagnosis": ("诊断包", "Diagnosis bundle"),
    "device.diagnosis_why": (
        "包含日志、检查结果和设置，不含密码和报工内容。网关下次询问时上传。",
        "Logs, what doctor finds, and settings; no secrets and no reports. It comes when the gateway asks next.",
    ),
    "device.ask": ("请求诊断包", "Ask for a bundle"),
    "device.settings_published": (
        "已发布设置 {n}，等待网关领取。",
        "Settings {n} are published; the gateway fetches them when it asks next.",
    ),
    "device.asked": ("已请求，等待网关上传。", "Asked for; it comes when the gateway asks next."),
    "device.bundle": ("诊断包 {n}", "Bundle {n}"),
    "device.records": ("记录与完整性", "Records and completeness"),
}

FLEET_TEXTS: Final[Catalogue] = {**_LIST, **_STATES, **_ROLLOUTS, **_SETTINGS, **_DEVICE}
