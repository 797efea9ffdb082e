"""The texts of the page of master data, in Chinese (first) and English; part of `central/texts.py`.

Pure: values in, values out.
"""

from typing import Final

from floor.texts import Catalogue

MASTER_TEXTS: Final[Catalogue] = {
    "master.title": ("主数据", "Master data"),
    "master.current": ("当前版本", "Current version"),
    "master.version": ("版本 {n}", "Version {n}"),
    "master.absent": ("还没有主数据。请导入一个文件。", "There is no master data yet. Import a file."),
    "master.made": ("{time} 由 {who} 发布", "Published {time} by {who}"),
    "master.people": ("人员", "People"),
    "master.stations": ("工位", "Stations"),
    "master.work_orders": ("工单", "Work orders"),
    "master.operations": ("工序", "Operations"),
    "master.command_cards": ("指令卡", "Command cards"),
    "master.call_types": ("呼叫类型", "Call types"),
    "master.reasons": ("原因", "Reasons"),
    "master.skills": ("技能", "Skills"),
    "master.error_proofing": ("防错规则", "Error-proofing rules"),
    "master.call_tiers": ("呼叫升级", "Call tiers"),
    "master.notices": ("通知", "Notices"),
    "master.instructions": ("作业指导书", "Instructions"),
    "master.label_patterns": ("条码规则", "Label patterns"),
    "master.components": ("物料清单", "Bills of materials"),
    "master.blocked_lots": ("封存批次", "Blocked lots"),
    "master.shifts": ("班次", "Shifts"),
    "master.departments": ("部门", "Departments"),
    "master.duties": ("值班表", "Duty plan"),
    "master.absences": ("请假", "Absences"),
    "master.deputies": ("代理人", "Deputies"),
    "master.cases": ("案例", "Past cases"),
    "master.items": ("物料", "Items"),
    "master.bom_revisions": ("物料清单版本", "Bill revisions"),
    "master.routings": ("工艺路线", "Routings"),
    "master.stock": ("库存", "Stock"),
    "master.download": ("下载当前数据", "Download the current data"),
    "master.codes": ("工牌、工单、指令卡", "Badges, tickets, command cards"),
    "master.import": ("导入文件", "Import a file"),
    "master.import_why": (
        "支持 {types}（CSV 可一次选多个），最大 {size} MB。先检查并显示变化，确认后才发布；有错误时逐格列出。",
        "{types} (several CSV files at once), at most {size} MB. It is checked and you see what changes before "
        "anything is published; every fault is listed by its cell.",
    ),
    "master.mode": ("导入方式", "How"),
    "master.mode.whole": ("整体替换：文件包含全部主数据", "All: the file holds all master data"),
    "master.mode.replace": ("按表替换：只替换文件里有的表", "By table: replace the tables in the file"),
    "master.mode.merge": ("合并：按编号新增和修改行，不删除", "Merge: add and change rows by key, remove none"),
    "master.draft": ("我的草稿", "My draft"),
    "master.tools": ("检查与追溯", "Check and trace"),
    "master.file": ("文件", "File"),
    "master.check": ("检查文件", "Check the file"),
    "master.only_planner": ("只有计划员可以导入主数据。", "Only a planner may import master data."),
    "master.faults": ("文件有错误，没有发布任何内容", "The file has faults; nothing was published"),
    "master.faults_what": (
        "请在文件里改正下面各处，然后重新导入。",
        "Correct each of them in the file and import it again.",
    ),
    "master.more_faults": ("另有 {n} 处错误未列出。", "{n} more faults are not listed."),
    "master.where": ("位置", "Where"),
    "master.what": ("问题", "Fault"),
    "master.no_file": ("请先选择文件。", "Choose a file first."),
    "master.bad_type": ("不支持这种文件：{name}", "This kind of file is not supported: {name}"),
    "master.tell": (
        "{n} 个工单有变更：通知工位，开工前须复述",
        "{n} orders changed: tell the floor, which says the change back before it starts",
    ),
    "master.preview": ("预览：发布后的变化", "Preview: what publishing changes"),
    "master.table": ("表", "Table"),
    "master.added": ("新增", "Added"),
    "master.changed": ("修改", "Changed"),
    "master.removed": ("删除", "Removed"),
    "master.total": ("发布后合计", "Then in all"),
    "master.more_rows": ("… 另有 {n} 行", "… and {n} more"),
    "master.same": (
        "内容与当前版本完全相同，不需要发布。",
        "Equal to the current version; there is nothing to publish.",
    ),
    "master.apply": ("发布这一版本", "Publish this version"),
    "master.drop": ("放弃", "Discard"),
    "master.applied": (
        "已发布版本 {n}。网关下次联网时取得。",
        "Version {n} is published. Each gateway fetches it when it is next online.",
    ),
    "master.preview_gone": (
        "预览已过期，或当前版本已被别人更换。请重新导入文件。",
        "The preview is over, or somebody published another version. Import the file again.",
    ),
}
